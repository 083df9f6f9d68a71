/** Where somebody who has signed in goes. */
import type { Me } from "./api";

/** Where a page was asked to lead on to, if that is one of our own; a link must not lead people elsewhere. */
export function safeNext(next: string | null, origin: string): string | null {
  if (!next?.startsWith("/")) return null;
  try {
    const url = new URL(next, origin);
    // A browser reads `/\host` as `//host`, so what counts is where the address leads, not how it looks.
    return url.origin === origin ? url.pathname + url.search + url.hash : null;
  } catch {
    return null;
  }
}

/** The page for this person: to set up a business first, then to run it, or to answer its customers. */
export function homeOf({ business, role }: Pick<Me, "business" | "role">): string {
  if (!business) return "/setup";
  return role === "agent" ? "/inbox" : "/portal";
}
