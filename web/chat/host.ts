/** The website that shows our frame: who it is, what it says, what it is told. */
import { type FromFrame, PROTOCOL, type ToFrame } from "../loader/protocol";

export interface Host {
  say(message: FromFrame): void;
}

/**
 * The website, if the loader opened this frame. Whoever the address names as the website, only that origin's page is
 * listened and spoken to; which origins may show the frame at all is the server's policy.
 */
export function host(origin: string | null, hear: (message: ToFrame) => void): Host | null {
  if (!origin || parent === window) return null;
  addEventListener("message", (event) => {
    if (event.source !== parent || event.origin !== origin) return;
    const message = understood(event.data);
    if (message) hear(message);
  });
  const say = (message: FromFrame) => parent.postMessage({ openchat: PROTOCOL, ...message }, origin);
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing) say({ type: "close" });
  });
  return { say };
}

/** What was said, if it is something that the loader says. */
export function understood(data: unknown): ToFrame | null {
  if (typeof data !== "object" || data === null) return null;
  const said = data as Record<string, unknown>;
  if (said.openchat !== PROTOCOL) return null;
  switch (said.type) {
    case "open":
    case "close":
    case "logout":
      return { type: said.type };
    case "identify":
      return typeof said.token === "string" ? { type: "identify", token: said.token } : null;
    case "update":
      return typeof said.profile === "object" && said.profile ? { type: "update", profile: said.profile } : null;
    default:
      return null;
  }
}
