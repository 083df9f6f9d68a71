/** Delivers what the customer writes: one message after the other, each once, however often the connection breaks. */
import { type Signal } from "@preact/signals";
import { ApiError, ask } from "../api/client";
import type { Message } from "../api/types";
import { as, type Door, type Session } from "./door";
import { type Outgoing, outgoing } from "./outbox";

const FIRST_RETRY = 1_000;
const LAST_RETRY = 30_000;

interface Around {
  door: Door;
  outbox: Signal<Outgoing[]>;
  /** Whether there is no use in trying. */
  stuck: () => boolean;
  /** There is a session now. */
  onEntered: () => void;
  /** The session is over. */
  onLost: () => void;
  /** There can't be a session. */
  onRefused: (error: ApiError) => void;
}

export interface Delivery {
  say(text: string): void;
  attach(file: File): void;
  /** Takes back a message that was refused. */
  discard(one: Outgoing): void;
  /** Sends what is there, unless that is under way. */
  run(): void;
  /** Tries now what waits for its next try. */
  hurry(): void;
}

export function delivery(around: Around): Delivery {
  const { door, outbox } = around;
  /** The contents of attached files, by message; too large to keep anywhere else. */
  const contents = new Map<string, File>();
  let running = false;
  let hurry: (() => void) | null = null;

  async function run(): Promise<void> {
    if (running) return;
    running = true;
    let retry = FIRST_RETRY;
    try {
      for (;;) {
        const next = outbox.value.find((it) => it.state === "sending" || it.state === "waiting");
        if (!next || around.stuck()) break;
        const wait = await attempt(next);
        retry = wait === null ? FIRST_RETRY : Math.min(retry * 2, LAST_RETRY);
        if (wait !== null) await pause(Math.max(retry / 2, wait));
      }
    } finally {
      running = false;
    }
  }

  /** Tries to send a message. Answers how long to wait at least before the next try, if there is to be one. */
  async function attempt(one: Outgoing): Promise<number | null> {
    let session: Session | null = null;
    try {
      session = await door.enter();
      around.onEntered();
      const sent = await post(session, await uploaded(session, one));
      contents.delete(one.clientMessageId);
      change(one, { state: "sent", position: sent.position });
      return null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.passes) {
        change(one, { state: "waiting" });
        return error.retryAfter * 1_000;
      }
      if (!session) {
        change(one, { state: "waiting" });
        around.onRefused(error);
      } else if (error.status === 401) {
        // Somebody else may have come in meanwhile.
        if (door.session === session) around.onLost();
        return 0;
      } else change(one, { state: "refused", refusal: { code: error.code, message: error.message } });
      return null;
    }
  }

  async function uploaded(session: Session, one: Outgoing): Promise<Outgoing> {
    const content = contents.get(one.clientMessageId);
    if (!one.file || one.file.id || !content) return one;
    const { upload } = await loadFiles();
    const kept = await upload(as(session), content, (progress) => change(one, { file: { ...one.file!, progress } }));
    const done = { ...one, file: { ...kept, progress: 1 } };
    change(one, done);
    return done;
  }

  async function post(session: Session, { clientMessageId, text, file }: Outgoing): Promise<Message> {
    const content = file ? { type: "file", fileId: file.id, ...(text && { text }) } : { type: "text", text };
    const body = { message: content, clientMessageId };
    return (await ask<{ message: Message }>("POST", "/api/webchat/messages", as(session), body)).message;
  }

  function change(one: Outgoing, to: Partial<Outgoing>): void {
    outbox.value = outbox.value.map((it) => (it.clientMessageId === one.clientMessageId ? { ...it, ...to } : it));
  }

  /** Waits, unless something says that it may work now. */
  function pause(millis: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, millis);
      hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  function put(one: Outgoing): void {
    outbox.value = [...outbox.value, one];
    void run();
  }

  return {
    say: (text) => put(outgoing(text)),
    attach: (file) => {
      const { name, type: mediaType, size } = file;
      const one = outgoing("", { name, mediaType, size, progress: 0 });
      contents.set(one.clientMessageId, file);
      put(one);
    },
    discard: ({ clientMessageId }) => {
      contents.delete(clientMessageId);
      outbox.value = outbox.value.filter((it) => it.clientMessageId !== clientMessageId);
    },
    run: () => void run(),
    hurry: () => hurry?.(),
  };
}

/** What deals with files is loaded when there is one; should that fail, it is like any other lost connection. */
function loadFiles(): Promise<typeof import("./files")> {
  return import("./files").catch(() => {
    throw new ApiError(0, "unreachable", "");
  });
}
