/** Messages that were written here and aren't in the transcript yet. Nothing written is lost before it is delivered. */
import type { FileRef, Message, Position } from "../api/types";

/** A file that goes with a message. It has an id once it is uploaded. */
export interface Attached extends Omit<FileRef, "id"> {
  id?: string;
  /** How much of it is uploaded, from 0 to 1. */
  progress: number;
}

export interface Outgoing {
  /** Our own name for it: sent twice under it, it is said once. */
  clientMessageId: string;
  text: string;
  createdAt: string;
  /** On its way; not delivered yet and tried again by itself; refused for good; delivered. */
  state: "sending" | "waiting" | "refused" | "sent";
  /** Where it is in the log, once it was delivered. */
  position?: Position;
  /** Why it was refused: by which code, in the API's words. */
  refusal?: { code: string; message: string };
  file?: Attached;
}

/** A name that nobody else gives. `crypto.randomUUID` would need https. */
export function freshName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A message to go out. */
export function outgoing(text: string, file?: Attached): Outgoing {
  const one: Outgoing = { clientMessageId: freshName(), text, createdAt: new Date().toISOString(), state: "sending" };
  return file ? { ...one, file } : one;
}

/** What is still to be shown beside the transcript. */
export function undelivered(outbox: Outgoing[], transcript: Message[], upTo: Position): Outgoing[] {
  const told = new Set(transcript.map((message) => message.clientMessageId));
  return outbox.filter((it) => !told.has(it.clientMessageId) && !(it.position && it.position <= upTo));
}

/** What an earlier visit left undelivered. The content of a file that isn't uploaded is gone with the page. */
export function restored(kept: Outgoing[]): Outgoing[] {
  return kept
    .filter((it) => it.text || it.file)
    .map((it) =>
      it.file && !it.file.id
        ? { ...it, state: "refused", refusal: { code: FILE_GONE, message: "" } }
        : { ...it, state: "waiting" },
    );
}

/** What is worth keeping of it for another visit. */
export function preserved(outbox: Outgoing[]): Outgoing[] {
  return outbox.filter((it) => it.state === "sending" || it.state === "waiting");
}

/** Why a file can't be sent any more that a page was closed with. */
export const FILE_GONE = "file_gone";
