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
  /** The position that was known when it was written. */
  after: number;
  /** On its way; not delivered yet and tried again by itself; refused for good. */
  state: "sending" | "waiting" | "refused";
  /** Why it was refused. */
  reason?: string;
  /** Whether it was sent and no answer came, so that it may have arrived. */
  doubtful?: boolean;
}

/** What an earlier visit left undelivered, which may have arrived; what can't be read is nothing. */
export function restored(text: string | null): Outgoing[] {
  try {
    const kept = JSON.parse(text ?? "[]") as Outgoing[];
    return kept
      .filter((it) => it.clientMessageId && it.conversationId && (it.text || it.file))
      .map((it) => ({ ...it, state: "waiting" as const, doubtful: true }));
  } catch {
    return [];
  }
}

/** The same in the form in which it is kept. */
export function preserved(outbox: readonly Outgoing[]): string | null {
  const left = outbox.filter((it) => it.state !== "refused");
  return left.length ? JSON.stringify(left) : null;
}
