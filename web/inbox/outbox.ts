/** What the agent wrote and the server hasn't taken yet. Nothing written is lost before it is delivered. */
import type { SharedFile } from "./types";

export interface Outgoing {
  /** Our own name for it: sent twice under it, it is said once. */
  clientMessageId: string;
  conversationId: string;
  text: string;
  file: SharedFile | null;
  /** Whether it is a note for the team. */
  note: boolean;
  createdAt: string;
  /** On its way; not delivered yet and tried again by itself; refused for good. */
  state: "sending" | "waiting" | "refused";
  /** Why it was refused. */
  reason?: string;
}

/** What an earlier visit left undelivered, which may have arrived. */
export function restored(kept: readonly Outgoing[]): Outgoing[] {
  return kept.filter((it) => it.conversationId && (it.text || it.file)).map((it) => ({ ...it, state: "waiting" }));
}

/** What is worth keeping of it for another visit. */
export function preserved(outbox: readonly Outgoing[]): Outgoing[] {
  return outbox.filter((it) => it.state !== "refused");
}
