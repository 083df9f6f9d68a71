/** The customer's calls: begun, answered, taken up again, and told of in the chat and to the website. */
import { computed, effect, signal } from "@preact/signals";
import { ApiError, ask } from "../api/client";
import { lasted } from "../calls/lasted";
import { createPart, type Enter } from "../calls/part";
import { createRing } from "../calls/ring";
import type { Call, EndReason, Kind, Pass } from "../calls/types";
import { callWords, type Words } from "../calls/words";
import type { Chat } from "./chat";
import type { CallDelta } from "./incoming";
import { keep } from "./keep";

const BASE = "/api/webchat";

/** What a website is told of a call. */
const STATES: Partial<Record<CallDelta["type"], "ringing" | "answered" | "ended">> = {
  "call.started": "ringing",
  "call.answered": "answered",
  "call.ended": "ended",
};

interface Begun extends Pass {
  agent?: { name: string } | null;
  call: { id: string };
}

export type Calling = ReturnType<typeof createCalling>;

const made = new WeakMap<Chat, Calling>();

/** A chat's calls; the parts of the page that show them share them. */
export function callingOf(chat: Chat, speaks = "en"): Calling {
  let it = made.get(chat);
  if (!it) made.set(chat, (it = createCalling(chat, speaks)));
  return it;
}

function createCalling(chat: Chat, speaks: string) {
  const call = computed(() => chat.conversation.value?.call ?? null);
  const part = createPart({
    base: BASE,
    headers: chat.headers,
    known: (id) => (call.value?.id === id ? call.value : null),
    tab: keep(() => sessionStorage, "openchat:"),
  });
  /** The agent at whom our call rings. */
  const called = signal<string | null>(null);
  const lang = signal(speaks);
  const ring = createRing();

  const free = (it: Call | null): it is Call => !!it && part.stage.value === "none" && !part.left.value.has(it.id);
  /** A call of the team's that waits for an answer here. */
  const incoming = computed(() => {
    const it = call.value;
    return free(it) && it.state === "ringing" && it.by.kind !== "customer" && !isIn(it) ? it : null;
  });
  /** A call that the customer is in, but not by this page. */
  const elsewhere = computed(() => {
    const it = call.value;
    return free(it) && isIn(it) && !part.wasIn(it.id) ? it : null;
  });

  /** Calls the team. A conversation begins with a message, so without one the wish for a call is said. */
  function start(kind: Kind): void {
    called.value = null;
    void part.prepare(kind, async () => {
      if (chat.conversation.value?.status !== "open") {
        chat.say(callWords(lang.value).wish[kind]);
        await opened(chat);
        if (part.stage.value !== "connecting") throw new ApiError(409, "call_over", "");
      }
      const { agent, call, ...pass } = await ask<Begun>("POST", `${BASE}/calls`, chat.headers(), { type: kind });
      called.value = agent?.name ?? null;
      return { id: call.id, pass };
    });
  }

  /** Takes a call of the team's; before pictures are sent the customer sees their own. */
  function answer(it: Call): void {
    const enter: Enter = part.joining(it.id);
    void (it.type === "video" ? part.prepare("video", enter) : part.straight("audio", enter));
  }

  function told(delta: CallDelta): void {
    const words = callWords(lang.value);
    const at = { key: `${delta.position}`, at: delta.at };
    if (delta.type === "call.started") {
      const { by, type } = delta.data.call;
      part.dismiss();
      say(chat, at, words.lines.begun[type]);
      if (by.kind === "agent") chat.tell?.({ type: "open" });
    }
    const state = STATES[delta.type];
    if (state) chat.tell?.({ type: "call", detail: { id: idOf(delta), state } });
  }

  let last: CallDelta | null = chat.ring.peek();
  effect(() => {
    const delta = chat.ring.value;
    if (delta && delta !== last) {
      last = delta;
      part.hear(delta);
      told(delta);
    }
    part.follow(call.value);
  });
  // What is known of the last call, from before the page was opened too.
  effect(() => {
    const it = chat.conversation.value?.lastCall;
    if (it && !chat.happened.peek().some(({ key }) => key === `${it.position}`)) {
      say(chat, { key: `${it.position}`, at: it.endedAt }, ending(callWords(lang.peek()), it));
    }
  });
  effect(() => {
    const it = call.value;
    if (free(it) && isIn(it) && part.wasIn(it.id)) void part.straight(it.type, part.joining(it.id));
  });
  effect(() => ring(incoming.value !== null));
  // Whoever is no longer this customer is no longer in its call.
  effect(() => {
    if (part.id.value && !chat.customer.value) part.leave();
  });

  return { part, call, called, lang, incoming, elsewhere, start, answer };
}

function isIn({ joined }: Call): boolean {
  return joined.some((it) => it.kind === "customer");
}

function idOf({ data }: CallDelta): string {
  return "call" in data ? data.call.id : data.callId;
}

/** Waits for an open conversation. */
function opened(chat: Chat): Promise<void> {
  return new Promise((done) => {
    const stop = effect(() => {
      if (chat.conversation.value?.status !== "open") return;
      done();
      queueMicrotask(() => stop());
    });
  });
}

function say(chat: Chat, { key, at }: { key: string; at: string }, text: string): void {
  chat.happened.value = [...chat.happened.value, { key, at, text, mine: false, author: null, file: null, state: null }];
}

function ending({ lines }: Words, { reason, durationSeconds }: { reason: EndReason; durationSeconds: number }): string {
  if (reason === "missed") return lines.missed;
  if (reason === "declined") return lines.declined;
  if (reason === "mediaLost") return lines.lost;
  return durationSeconds > 0 ? lines.ended(lasted(durationSeconds)) : lines.unanswered;
}
