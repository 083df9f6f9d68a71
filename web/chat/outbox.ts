/** Messages that were written here and aren't in the transcript yet. Nothing written is lost before it is delivered. */
import type { Message, Position } from "../api/types";

export interface Outgoing {
  /** Our own name for it: sent twice under it, it is said once. */
  clientMessageId: string;
  text: string;
  createdAt: string;
  /** On its way; not delivered yet and tried again by itself; refused for good; delivered. */
  state: "sending" | "waiting" | "refused" | "sent";
  /** Where it is in the log, once it was delivered. */
  position?: Position;
  /** Why it was refused. */
  reason?: string;
}

/** A name that nobody else gives. `crypto.randomUUID` would need https. */
export function freshName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What is still to be shown beside the transcript. */
export function undelivered(outbox: Outgoing[], transcript: Message[], upTo: Position): Outgoing[] {
  const told = new Set(transcript.map((message) => message.clientMessageId));
  return outbox.filter((it) => !told.has(it.clientMessageId) && !(it.position && it.position <= upTo));
}

/** What an earlier visit left undelivered; what can't be read is nothing. */
export function restored(text: string | null): Outgoing[] {
  try {
    const kept = JSON.parse(text ?? "[]") as Outgoing[];
    return kept.filter((it) => it.clientMessageId && it.text).map((it) => ({ ...it, state: "waiting" as const }));
  } catch {
    return [];
  }
}

/** The same in the form in which it is kept. */
export function preserved(outbox: Outgoing[]): string | null {
  const left = outbox.filter((it) => it.state === "sending" || it.state === "waiting");
  return left.length ? JSON.stringify(left) : null;
}
