/** Which rows of a long list are drawn: all have one height, so a place in it is a multiplication. */

/** Rows drawn beyond what is seen, on both sides, so that scrolling meets no hole. */
const BEYOND = 6;

/** The rows to draw: from the first up to before the last. */
export interface Window {
  first: number;
  last: number;
}

export function seen(count: number, row: number, scroll: number, height: number): Window {
  const first = Math.max(0, Math.floor(scroll / row) - BEYOND);
  const last = Math.min(count, Math.ceil((scroll + height) / row) + BEYOND);
  return { first: Math.min(first, last), last };
}

/** Where to scroll to so that a row is seen whole, moving no further than needed. */
export function scrollFor(index: number, row: number, scroll: number, height: number): number {
  const [top, bottom] = [index * row, (index + 1) * row];
  if (top < scroll) return top;
  return bottom > scroll + height ? bottom - height : scroll;
}

/** Whether the end is near enough to fetch more before it is reached. */
export function nearEnd(count: number, row: number, scroll: number, height: number): boolean {
  return count * row - (scroll + height) < 2 * height;
}
