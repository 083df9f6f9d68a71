/** One customer's chat: what is known, what happens, what the customer does. The components only show it. */
import { batch, computed, effect, signal } from "@preact/signals";
import { ApiError, ask } from "../api/client";
import type { Config, CustomerSnapshot, Frame, Message, Position, PublicBusiness } from "../api/types";
import { as, type Door } from "./door";
import { type Feed, follow } from "./feed";
import { fold } from "./fold";
import type { Keep } from "./keep";
import { freshName, type Outgoing, preserved, restored, undelivered } from "./outbox";
import { carried, type Earlier, transcript } from "./transcript";

/** Typing is told again at most this often while it lasts, and ended after so long without a key, in milliseconds. */
const TYPING_AGAIN = 3_000;
const TYPING_ENDS = 4_000;
/** Somebody's typing is over after this long even if nobody says so. */
const TYPING_LASTS = 7_000;
const LAST_RETRY = 30_000;
/** Who is there is looked up at most this often. */
const LOOK_AGAIN = 15_000;
/** A connection that comes back sooner than this isn't missed. */
const GRACE = 2_500;

/** Why there is no chat (any more). */
export interface Trouble {
  code: string;
  message: string;
}

export interface Options {
  door: Door;
  kept: Keep;
  /** What can be known of the business before there is a session. */
  config: (() => Promise<Config>) | null;
  /** Something was said by the team. */
  onMessage?: (message: Message) => void;
}

export type Chat = ReturnType<typeof createChat>;

export function createChat({ door, kept, config, onMessage }: Options) {
  const snapshot = signal<CustomerSnapshot | null>(null);
  const earlier = signal<Earlier | null>(null);
  const outbox = signal<Outgoing[]>(restored(kept.get("outbox")));
  const before = signal<Config | null>(null);
  const away = signal(false);
  const typist = signal<string | null>(null);
  const live = signal(false);
  const late = signal(false);
  const trouble = signal<Trouble | null>(null);
  const watching = signal(true);
  const visible = signal(!document.hidden);

  const business = computed<PublicBusiness | null>(() => {
    const it = before.value;
    return (
      snapshot.value?.business ?? (it && { name: it.business.name, branding: it.branding, ...it.settings })
    );
  });
  const conversation = computed(() => snapshot.value?.conversation ?? null);
  const messages = computed(() => transcript(snapshot.value, earlier.value));
  const unread = computed(() => {
    const mark = conversation.value?.readUpTo.customer ?? 0;
    return messages.value.filter((it) => it.author.kind !== "customer" && it.position > mark).length;
  });

  let feed: Feed | null = null;
  let read: Position = 0;
  let typistTimer = 0;
  let lateTimer = 0;
  let looked = 0;

  // --- What comes in

  function connect(): void {
    const session = door.session;
    if (feed || !session) return;
    feed = follow(session.token, { onFrame, onLive, onRefused: () => stillOpen(), onEnded: lose });
  }

  function onFrame(frame: Frame): void {
    switch (frame.type) {
      case "hello":
        batch(() => {
          earlier.value = carried(snapshot.value, earlier.value, frame.snapshot);
          snapshot.value = frame.snapshot;
          settle(frame.position);
        });
        read = 0;
        break;
      case "resumed":
        read = 0;
        break;
      case "typing":
        if (frame.who.kind === "agent" && frame.conversationId === conversation.value?.id) {
          types(frame.typing ? (frame.who.name ?? "") : null);
        }
        break;
      case "pong":
      case "reconnect":
        break;
      default:
        if (!snapshot.value) break;
        batch(() => {
          const last = snapshot.value!;
          const next = fold(last, frame);
          // A message that the snapshot shows no more is still on the page.
          if (frame.type === "message.posted") earlier.value = carried(last, earlier.value, next);
          snapshot.value = next;
          settle(frame.position);
        });
        if (frame.type === "message.posted" && frame.data.message.author.kind === "agent") {
          types(null);
          onMessage?.(frame.data.message);
        }
        if (frame.type === "queue.changed" || frame.type === "conversation.opened") void look();
    }
    void deliver();
  }

  /** What is in the transcript is no longer on its way. */
  function settle(upTo: Position): void {
    const left = undelivered(outbox.value, messages.value, upTo);
    if (left.length !== outbox.value.length) outbox.value = left;
  }

  function types(name: string | null): void {
    clearTimeout(typistTimer);
    typist.value = name;
    if (name !== null) typistTimer = window.setTimeout(() => (typist.value = null), TYPING_LASTS);
  }

  function onLive(now: boolean): void {
    live.value = now;
    clearTimeout(lateTimer);
    if (now) late.value = false;
    else {
      types(null);
      lateTimer = window.setTimeout(() => (late.value = feed !== null), GRACE);
    }
  }

  /** Whether the session still opens something. */
  async function stillOpen(): Promise<boolean> {
    try {
      await ask("GET", "/api/webchat/session", as(door.session));
      return true;
    } catch (error) {
      return !(error instanceof ApiError && error.status === 401);
    }
  }

  /** The session is over: a visitor may begin another, whoever came by a link needs a new one. */
  function lose(): void {
    forget();
    if (!door.lost()) trouble.value = { code: "session_ended", message: "" };
  }

  function forget(): void {
    feed?.close();
    feed = null;
    batch(() => {
      snapshot.value = null;
      earlier.value = null;
      live.value = false;
      late.value = false;
    });
  }

  /** Looks who is there, where that can be known. */
  async function look(): Promise<void> {
    if (!config || Date.now() - looked < LOOK_AGAIN) return;
    looked = Date.now();
    try {
      const found = await config();
      // What greets a newcomer stays as it is while they talk.
      if (!before.value) away.value = found.availability.agentsOnline === 0 && !door.session;
      before.value = found;
    } catch (error) {
      if (error instanceof ApiError && !error.passes && !snapshot.value) {
        trouble.value = { code: error.code, message: error.message };
      }
    }
  }

  // --- What goes out

  let delivering = false;
  let hurry: (() => void) | null = null;

  /** Delivers what is in the outbox, one message after the other, so that they are said in the order written. */
  async function deliver(): Promise<void> {
    if (delivering) return;
    delivering = true;
    let retry = 1_000;
    for (;;) {
      const next = outbox.value.find((it) => it.state === "sending" || it.state === "waiting");
      if (!next || trouble.value) break;
      try {
        const session = await door.enter();
        connect();
        const { message } = await ask<{ message: Message }>("POST", "/api/webchat/messages", as(session), {
          message: { type: "text", text: next.text },
          clientMessageId: next.clientMessageId,
        });
        retry = 1_000;
        change(next, { state: "sent", position: message.position });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.status === 401 && door.session) {
          lose();
          await pause(retry);
        } else if (error.passes) {
          change(next, { state: "waiting" });
          await pause(Math.max(retry, error.retryAfter * 1_000));
          retry = Math.min(retry * 2, LAST_RETRY);
        } else change(next, { state: "refused", reason: error.message });
      }
    }
    delivering = false;
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

  function wake(): void {
    feed?.wake();
    hurry?.();
  }

  let typingTold = 0;
  let typingTimer = 0;

  function tellTyping(typing: boolean): void {
    clearTimeout(typingTimer);
    const at = conversation.value;
    if (!at || (!typing && !typingTold)) return;
    if (typing) typingTimer = window.setTimeout(tellTyping, TYPING_ENDS, false);
    if (typing && Date.now() - typingTold < TYPING_AGAIN) return;
    typingTold = typing ? Date.now() : 0;
    feed?.send({ type: "typing", conversationId: at.id, typing });
  }

  async function loadEarlier(): Promise<void> {
    const at = conversation.value;
    const first = messages.value[0];
    if (!at || !first) return;
    const path = `/api/webchat/messages?before=${first.position}&limit=50`;
    const page = await ask<{ data: Message[]; nextCursor: string | null }>("GET", path, as(door.session));
    // Meanwhile the page may show another conversation, or have loaded the same.
    if (messages.value[0]?.id !== first.id) return;
    const known = earlier.value?.conversationId === at.id ? earlier.value.messages : [];
    earlier.value = {
      conversationId: at.id,
      messages: [...page.data, ...known],
      more: page.nextCursor !== null,
    };
  }

  let profile: object | null = null;

  /** Tells who the visitor is; before there is a session, when there is one. */
  async function introduce(who: object): Promise<void> {
    profile = who;
    if (!door.session) return;
    profile = null;
    await ask("POST", "/api/webchat/profile", as(door.session), who);
  }

  async function identify(token: string): Promise<void> {
    await door.identify(token);
    forget();
    trouble.value = null;
    connect();
    void deliver();
  }

  async function logout(): Promise<void> {
    const session = door.session;
    forget();
    door.lost();
    outbox.value = [];
    if (session) await ask("DELETE", "/api/webchat/session", as(session)).catch(() => undefined);
  }

  // --- What follows from what

  effect(() => kept.set("outbox", preserved(outbox.value)));
  effect(() => {
    const at = conversation.value;
    const last = messages.value.at(-1)?.position ?? 0;
    if (!at || !live.value || !watching.value || !visible.value) return;
    if (unread.value === 0 || last <= read) return;
    read = last;
    feed?.send({ type: "read", conversationId: at.id, upTo: last });
  });
  effect(() => {
    if (live.value && profile) void introduce(profile).catch(() => undefined);
  });
  addEventListener("online", wake);
  document.addEventListener("visibilitychange", () => {
    visible.value = !document.hidden;
    if (visible.value) wake();
  });

  connect();
  void look();
  void deliver();

  return {
    business,
    conversation,
    messages,
    outbox,
    /** Whether the customer came when nobody was there. */
    away,
    typist,
    unread,
    trouble,
    watching,
    customer: computed(() => snapshot.value?.customer ?? null),
    availability: computed(() => before.value?.availability ?? null),
    /** Whether the connection has been gone for so long that it should be said. */
    late,
    hasEarlier: computed(() => earlier.value?.more ?? conversation.value?.hasEarlier ?? false),
    say: (text: string) => {
      tellTyping(false);
      const one: Outgoing = {
        clientMessageId: freshName(),
        text,
        createdAt: new Date().toISOString(),
        state: "sending",
      };
      outbox.value = [...outbox.value, one];
      void deliver();
    },
    /** Tries to deliver what waits, now. */
    retry: wake,
    /** Takes back a message that was refused. */
    discard: (one: Outgoing) => {
      outbox.value = outbox.value.filter((it) => it.clientMessageId !== one.clientMessageId);
    },
    rate: (score: number, comment: string) =>
      ask("POST", "/api/webchat/rating", as(door.session), comment ? { score, comment } : { score }),
    tellTyping,
    loadEarlier,
    introduce,
    identify,
    logout,
  };
}
