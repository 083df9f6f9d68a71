/** Delivers what the agent writes, each conversation's messages one after the other, until they are taken or refused. */
import { effect, signal } from "@preact/signals";
import { ApiError, ask } from "../api/client";
import { box } from "../chat/box";
import type { Keep } from "../chat/keep";
import { freshName } from "../chat/outbox";
import { DESK } from "./knowledge";
import { type Outgoing, preserved, restored } from "./outbox";
import { createPauses } from "./pauses";
import type { Entry, SharedFile } from "./types";

const FIRST_RETRY = 1_000;
const LAST_RETRY = 15_000;

export interface Wish {
  conversationId: string;
  text: string;
  file: SharedFile | null;
  note: boolean;
}

export type Sender = ReturnType<typeof createSender>;

export function createSender(kept: Keep, onTaken: (entry: Entry) => void) {
  const written = box<Outgoing>(kept);
  const outbox = signal<readonly Outgoing[]>(restored(written.read()));
  const delivering = new Set<string>();
  const { pause, hurry } = createPauses();

  function say(wish: Wish): void {
    const one: Outgoing = {
      ...wish,
      clientMessageId: freshName(),
      createdAt: new Date().toISOString(),
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
        onTaken(await post(next));
        drop(next);
        retry = FIRST_RETRY;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (!error.passes) change(next, { state: "refused", reason: error.message });
        else {
          change(next, { state: "waiting" });
          await pause(Math.max(retry, error.retryAfter * 1_000));
          retry = Math.min(retry * 2, LAST_RETRY);
        }
      }
    }
    delivering.delete(id);
  }

  async function post({ conversationId, clientMessageId, note, text, file }: Outgoing): Promise<Entry> {
    const place = `${DESK}/conversations/${conversationId}`;
    if (note) return (await ask<{ message: Entry }>("POST", `${place}/notes`, {}, { text, clientMessageId })).message;
    const message = file ? { type: "file", fileId: file.id, ...(text && { text }) } : { type: "text", text };
    return (await ask<{ message: Entry }>("POST", `${place}/messages`, {}, { message, clientMessageId })).message;
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

  effect(() => written.write(preserved(outbox.value)));

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

/** What is on its way and isn't in the transcript yet. */
export function undelivered(outbox: readonly Outgoing[], entries: readonly Entry[]): Outgoing[] {
  const told = new Set(entries.map((it) => it.clientMessageId));
  return outbox.filter((it) => !told.has(it.clientMessageId));
}
