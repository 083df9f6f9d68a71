/** Delivers what the agent writes, each conversation's messages one after the other, until they are taken or refused. */
import { effect, signal } from "@preact/signals";
import { ApiError, ask } from "../api/client";
import type { Keep } from "../chat/keep";
import { freshName } from "../chat/outbox";
import { DESK, type Knowledge } from "./knowledge";
import { type Outgoing, preserved, restored } from "./outbox";
import { createPauses } from "./pauses";
import type { Entry, Page, SharedFile } from "./types";

const FIRST_RETRY = 1_000;
const LAST_RETRY = 15_000;

export interface Wish {
  conversationId: string;
  text: string;
  file: SharedFile | null;
  note: boolean;
}

export type Sender = ReturnType<typeof createSender>;

export function createSender(knowledge: () => Knowledge, me: string, kept: Keep, onTaken: (entry: Entry) => void) {
  const outbox = signal<readonly Outgoing[]>(restored(kept.get("outbox")));
  const delivering = new Set<string>();
  const { pause, hurry } = createPauses();

  function say(wish: Wish): void {
    const one: Outgoing = {
      ...wish,
      clientMessageId: freshName(),
      createdAt: new Date().toISOString(),
      after: knowledge().find(wish.conversationId)?.position ?? 0,
      state: "sending",
    };
    outbox.value = [...outbox.value, one];
    void deliver(wish.conversationId);
  }

  async function deliver(id: string): Promise<void> {
    if (delivering.has(id)) return;
    delivering.add(id);
    let retry = FIRST_RETRY;
    for (;;) {
      const next = outbox.value.find((it) => it.conversationId === id && it.state !== "refused");
      if (!next) break;
      try {
        const entry = (next.note && next.doubtful && (await arrived(next))) || (await post(next));
        onTaken(entry);
        drop(next);
        retry = FIRST_RETRY;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (!error.passes) change(next, { state: "refused", reason: error.message });
        else {
          change(next, { state: "waiting", doubtful: true });
          await pause(Math.max(retry, error.retryAfter * 1_000));
          retry = Math.min(retry * 2, LAST_RETRY);
        }
      }
    }
    delivering.delete(id);
  }

  async function post({ conversationId, clientMessageId, note, text, file }: Outgoing): Promise<Entry> {
    const place = `${DESK}/conversations/${conversationId}`;
    if (note) return (await ask<{ message: Entry }>("POST", `${place}/notes`, {}, { text })).message;
    const message = file ? { type: "file", fileId: file.id, ...(text && { text }) } : { type: "text", text };
    return (await ask<{ message: Entry }>("POST", `${place}/messages`, {}, { message, clientMessageId })).message;
  }

  /** A note has no name by which the server would know it again, so whether it has arrived is looked up. */
  async function arrived(note: Outgoing): Promise<Entry | undefined> {
    const path = `${DESK}/conversations/${note.conversationId}/messages?limit=50`;
    const { data } = await ask<Page<Entry>>("GET", path, {});
    return data.find((it) => isThis(it, note, me));
  }

  function change(one: Outgoing, to: Partial<Outgoing>): void {
    outbox.value = outbox.value.map((it) => (it.clientMessageId === one.clientMessageId ? { ...it, ...to } : it));
  }

  function drop(one: Outgoing): void {
    outbox.value = outbox.value.filter((it) => it.clientMessageId !== one.clientMessageId);
  }

  function start(): void {
    new Set(outbox.value.map((it) => it.conversationId)).forEach((id) => void deliver(id));
  }

  effect(() => kept.set("outbox", preserved(outbox.value)));

  return {
    outbox,
    say,
    start,
    drop,
    /** Tries to deliver one that was refused, once more. */
    retry: (one: Outgoing) => {
      change(one, { state: "sending" });
      void deliver(one.conversationId);
    },
    hurry,
  };
}

/** Whether an entry of the transcript is this message of ours. */
function isThis(entry: Entry, one: Outgoing, me: string): boolean {
  if (!one.note) return entry.clientMessageId === one.clientMessageId;
  const mine = entry.author.kind === "agent" && entry.author.id === me;
  return entry.kind === "note" && mine && entry.text === one.text && entry.position > one.after;
}

/** What is on its way and isn't in the transcript yet. */
export function undelivered(outbox: readonly Outgoing[], entries: readonly Entry[], me: string): Outgoing[] {
  const used = new Set<string>();
  return outbox.filter((one) => {
    const found = entries.find((entry) => !used.has(entry.id) && isThis(entry, one, me));
    if (found) used.add(found.id);
    return !found;
  });
}
