/** The websites that a key may be used on, as people type them. */

/** The origin that was meant: with https unless said, without a path; none when it can't be one. */
export function readOrigin(typed: string): string | null {
  const text = typed.trim();
  if (!text || /\s/.test(text)) return null;
  try {
    const url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`);
    const fine = /^https?:$/.test(url.protocol) && !url.username && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(url.hostname);
    return fine ? url.origin : null;
  } catch {
    return null;
  }
}

/** Whether it is safe from being read on the way, or on this very machine. */
export function isSafe(origin: string): boolean {
  const { protocol, hostname } = new URL(origin);
  return protocol === "https:" || hostname === "localhost" || hostname === "127.0.0.1";
}
