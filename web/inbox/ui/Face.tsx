/** Somebody's initial in a colour of their own. */

/** How many colours there are in the style sheet. */
const COLOURS = 8;

export function Face({ id, name, small = false }: { id: string; name: string; small?: boolean }) {
  const initial = Array.from(name.trim())[0]?.toUpperCase() ?? "·";
  return (
    <span class={`face c${hash(id) % COLOURS}${small ? " small" : ""}`} aria-hidden="true">
      {initial}
    </span>
  );
}

function hash(text: string): number {
  let sum = 0;
  for (const letter of text) sum = (sum * 31 + letter.codePointAt(0)!) >>> 0;
  return sum;
}

/** The name by which a customer goes. */
export function nameOf(customer: { name?: string | null; email?: string | null }, visitor: string): string {
  return customer.name || customer.email || visitor;
}
