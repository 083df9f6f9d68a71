/** What the loader and the chat's frame say to each other, by `postMessage`. */

/** Goes with every message: both sides are cached apart from each other, so an old one must not be misunderstood. */
export const PROTOCOL = 1;

/** What the loader says. */
export type ToFrame =
  | { type: "open" | "close" | "logout" }
  /** The token of a handoff that the website's backend got for its customer. */
  | { type: "identify"; token: string }
  /** What the visitor is called and how it can be reached. */
  | { type: "update"; profile: object };

/** What the frame says. */
export type FromFrame =
  | { type: "ready" | "open" | "close" }
  /** Whether there is a conversation, so that its news are worth waiting for. */
  | { type: "talking"; talking: boolean }
  | { type: "unread"; count: number }
  /** For the website's own handlers. */
  | { type: "message" | "error" | "call"; detail: unknown };
