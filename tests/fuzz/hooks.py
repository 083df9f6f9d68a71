"""Gives every request an Idempotency-Key of its own, as the document asks: the same key with another body is refused."""

from itertools import count

import schemathesis

HEADER = "Idempotency-Key"
LONGEST = 255
numbers = count()


@schemathesis.hook
def before_call(ctx, case, **kwargs):
    key = (case.headers or {}).get(HEADER)
    # One that the document doesn't allow stays as it is: it has to be refused.
    if isinstance(key, str) and 0 < len(key) <= LONGEST and all(" " <= it <= "~" for it in key):
        own = f"-{next(numbers)}"
        case.headers[HEADER] = key[: LONGEST - len(own)] + own
