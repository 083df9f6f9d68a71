/** Finds the web addresses in what somebody wrote, and nothing that a browser would run. */

/** A piece of a text: words, or an address to follow. */
export type Piece = string | { text: string; href: string };

const ADDRESS = /\bhttps?:\/\/[^\s<>"]+/gi;

/** The text in pieces, which put together again are the text. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = trimmed(match[0]);
    if (!URL.canParse(address)) continue;
    if (match.index > from) found.push(text.slice(from, match.index));
    found.push({ text: address, href: new URL(address).href });
    from = match.index + address.length;
  }
  if (from < text.length) found.push(text.slice(from));
  return found;
}

/** Without what belongs to the sentence around it: the full stop, the closing bracket that was opened before. */
function trimmed(address: string): string {
  let end = address.length;
  while (end > 0) {
    const last = address[end - 1]!;
    const unopened = last === ")" && !address.slice(0, end).includes("(");
    if (!unopened && !/[.,;:!?'’”»\]]/.test(last)) break;
    end -= 1;
  }
  return address.slice(0, end);
}
