/** An outbox as the browser keeps it: each message by itself, so that two tabs don't write over each other's. */
import type { Keep } from "./keep";

interface Message {
  clientMessageId: string;
  createdAt: string;
}

export interface Box<T> {
  /** What was left undelivered, by this visit or another, the oldest first. What can't be read is nothing. */
  read(): T[];
  /** Keeps these, and lets go of what was read or kept before and isn't among them. */
  write(outbox: readonly T[]): void;
}

const NAME = "outbox:";

/** Under which name a message is kept. */
export const name = ({ clientMessageId }: Pick<Message, "clientMessageId">): string => NAME + clientMessageId;

export function box<T extends Message>(kept: Keep): Box<T> {
  let mine = new Map<string, string>();
  return {
    read: () => {
      const found: T[] = [];
      for (const entry of kept.names().filter((it) => it.startsWith(NAME))) {
        const text = kept.get(entry) ?? "";
        mine.set(entry, text);
        const one = parsed<T>(text);
        if (one?.clientMessageId) found.push(one);
      }
      return found.sort((one, other) => (one.createdAt < other.createdAt ? -1 : 1));
    },
    write: (outbox) => {
      const next = new Map(outbox.map((it) => [name(it), JSON.stringify(it)]));
      for (const [entry, text] of next) if (mine.get(entry) !== text) kept.set(entry, text);
      for (const entry of mine.keys()) if (!next.has(entry)) kept.set(entry, null);
      mine = next;
    },
  };
}

function parsed<T>(text: string): T | null {
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}
