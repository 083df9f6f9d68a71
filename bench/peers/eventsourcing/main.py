"""Appends to fresh streams through eventsourcing's recorder for a while: `main.py CONNECTION CONCURRENCY SECONDS`.

Prints one line of JSON.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from uuid import uuid4

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

STATE = json.dumps(
    {"text": "My order has not arrived yet, and the tracking page has said the same for three days."}
).encode()
WARM_UP = 1.0
"""How long everybody works before the measured time begins, in seconds."""


def recorder(connection: str, concurrency: int) -> PostgresApplicationRecorder:
    """The recorder that keeps a total order, as the library's applications use it.

    Its database functions are off, as they are unless asked for: they gain at one worker what they lose at eight.
    """
    to = conninfo_to_dict(connection)
    datastore = PostgresDatastore(
        to["dbname"], to["host"], to["port"], to["user"], to["password"], pool_size=concurrency
    )
    it = PostgresApplicationRecorder(datastore)
    it.create_table()
    return it


def worker(it: PostgresApplicationRecorder, until: float) -> list[int]:
    """Answers how long each append took, in microseconds."""
    took = []
    while (begun := perf_counter()) < until:
        it.insert_events([StoredEvent(uuid4(), 1, "MessagePosted", STATE)])
        took.append(round((perf_counter() - begun) * 1e6))
    return took


def main() -> None:
    connection, concurrency, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    it = recorder(connection, concurrency)
    with ThreadPoolExecutor(concurrency) as threads:

        def work(seconds: float) -> list[int]:
            until = perf_counter() + seconds
            working = [threads.submit(worker, it, until) for _ in range(concurrency)]
            return [one for done in working for one in done.result()]

        work(WARM_UP)
        begun = perf_counter()
        took = sorted(work(seconds))
        elapsed = perf_counter() - begun

    def percentile(percent: int) -> int | None:
        return took[min(len(took) * percent // 100, len(took) - 1)] if took else None

    print(json.dumps({"commands": len(took), "seconds": elapsed, "p50": percentile(50), "p99": percentile(99)}))
    it.datastore.close()


main()
