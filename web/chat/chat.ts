/** One customer's chat: what is known, what happens, what the customer does. The components only show it. */
import { batch, effect } from "@preact/signals";
import { ApiError, ask } from "../api/client";
import type { Frame, Message, Position } from "../api/types";
import { type CallKind, startCall } from "./calls";
import { delivery } from "./delivery";
import { as, type Door } from "./door";
import { type Feed, follow } from "./feed";
import { take } from "./incoming";
import type { Keep } from "./keep";
import { preserved, restored } from "./outbox";
import { type About, createState, deserted, type State } from "./state";
import { typing } from "./typing";

export type { Trouble } from "./state";

/** Who is there is looked up at most this often, and this often while the chat is watched, in milliseconds. */
const LOOK_AGAIN = 5_000;
const LOOK_WHILE_WATCHED = 60_000;
/** What may come of who is there, or tell of it. */
const STIRRING = new Set<Frame["type"]>([
  "queue.changed",
  "conversation.opened",
  "conversation.unassigned",
  "conversation.resolved",
]);
/** A connection that comes back sooner than this isn't missed. */
const GRACE = 2_500;
/** How many messages are read at once from before the snapshot. */
const PAGE = 50;

export interface Options {
  door: Door;
  kept: Keep;
  /** Looks up what can be known without a conversation. */
  look: () => Promise<About>;
  /** What is known of it already. */
  about?: About;
  /** Something was said by the team. */
  onMessage?: (message: Message) => void;
}

export type Chat = ReturnType<typeof createChat>;

export function createChat({ door, kept, look, about, onMessage }: Options) {
  const state = createState(restored(kept.get("outbox")));
  if (about) state.about.value = about;
  const { conversation, live, trouble, watching, visible } = state;
  let read: Position = 0;

  const seeing = observer(state, door, look);
  const connection = connector(state, door, onFrame, lose);
  const talk = typing(state.typist, (now) => {
    const at = conversation.value;
    return !!at && connection.send({ type: "typing", conversationId: at.id, typing: now });
  });
  const out = delivery({
    door,
    outbox: state.outbox,
    stuck: () => trouble.value !== null,
    onEntered: connection.open,
    onLost: lose,
    onRefused: ({ code, message }) => (trouble.value = { code, message }),
  });

  function onFrame(frame: Frame): void {
    if (frame.type === "hello" || frame.type === "resumed") read = 0;
    const said = take(state, talk, frame);
    if (said) onMessage?.(said);
    if (STIRRING.has(frame.type)) void seeing.look();
    out.run();
  }

  /** The session is over: a visitor may begin another, whoever came by a link needs a new one. */
  function lose(): void {
    forget();
    if (!door.lost()) trouble.value = { code: "session_ended", message: "" };
  }

  function forget(): void {
    connection.close();
    talk.hear(null);
    batch(() => {
      state.snapshot.value = null;
      state.earlier.value = null;
    });
  }

  function wake(): void {
    connection.wake();
    out.hurry();
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
    const known = door.session?.known;
    await door.identify(token);
    forget();
    // What another customer had yet to say isn't this one's; what a visitor had is.
    if (known) state.outbox.value = [];
    trouble.value = null;
    connection.open();
    out.run();
  }

  async function logout(): Promise<void> {
    const session = door.session;
    forget();
    door.lost();
    state.outbox.value = [];
    if (session) await ask("DELETE", "/api/webchat/session", as(session)).catch(() => undefined);
  }

  effect(() => kept.set("outbox", preserved(state.outbox.value)));
  effect(() => {
    const at = conversation.value;
    const last = state.messages.value.at(-1)?.position ?? 0;
    if (!at || !live.value || !watching.value || !visible.value) return;
    if (state.unread.value === 0 || last <= read) return;
    if (connection.send({ type: "read", conversationId: at.id, upTo: last })) read = last;
  });
  effect(() => {
    if (live.value && profile) void introduce(profile).catch(() => undefined);
  });
  addEventListener("online", () => {
    state.online.value = true;
    wake();
  });
  addEventListener("offline", () => (state.online.value = false));
  document.addEventListener("visibilitychange", () => {
    visible.value = !document.hidden;
    if (visible.value) wake();
  });

  connection.open();
  void door.back().then(connection.open);
  out.run();

  return {
    ...state,
    /** Headers for requests that are the customer's. */
    headers: () => as(door.session),
    say: (text: string) => {
      talk.tell(false);
      out.say(text);
    },
    attach: out.attach,
    discard: out.discard,
    /** Tries to deliver what waits, now. */
    retry: wake,
    rate: (score: number, comment: string) =>
      ask("POST", "/api/webchat/rating", as(door.session), comment ? { score, comment } : { score }),
    call: (kind: CallKind) => startCall(door, kind),
    tellTyping: talk.tell,
    loadEarlier: () => loadEarlier(state, door),
    introduce,
    identify,
    logout,
  };
}

/** Looks who is there: at first, when the queue moves, and now and then while the chat is watched. */
function observer({ about, away, snapshot, trouble, watching, visible }: State, door: Door, ask: () => Promise<About>) {
  let looked = about.value ? Date.now() : 0;
  let later = 0;
  const look = async () => {
    clearTimeout(later);
    const wait = looked + LOOK_AGAIN - Date.now();
    if (wait > 0) {
      later = window.setTimeout(look, wait);
      return;
    }
    looked = Date.now();
    try {
      const found = await ask();
      // What greets a newcomer stays as it is while they talk.
      if (!about.value && found.availability) away.value = deserted(found.availability) && !door.session;
      about.value = found;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.passes) looked = 0;
      else if (!snapshot.value) trouble.value = { code: error.code, message: error.message };
    }
  };
  effect(() => {
    if (!watching.value || !visible.value) return;
    void look();
    const timer = setInterval(look, LOOK_WHILE_WATCHED);
    return () => clearInterval(timer);
  });
  void look();
  return { look };
}

/** Follows the feed of the door's session, if there is one. */
function connector({ live, late, typist }: State, door: Door, onFrame: (frame: Frame) => void, onEnded: () => void) {
  let feed: Feed | null = null;
  let timer = 0;

  const onLive = (now: boolean) => {
    live.value = now;
    clearTimeout(timer);
    if (now) late.value = false;
    else {
      typist.value = null;
      timer = window.setTimeout(() => (late.value = feed !== null), GRACE);
    }
  };
  /** Whether the session still opens something. */
  const onRefused = async () => {
    try {
      await ask("GET", "/api/webchat/session", as(door.session));
      return true;
    } catch (error) {
      return !(error instanceof ApiError && error.status === 401);
    }
  };

  return {
    open: () => {
      const session = door.session;
      if (session && !feed) feed = follow(session.token, { onFrame, onLive, onRefused, onEnded });
    },
    close: () => {
      const last = feed;
      feed = null;
      last?.close();
      clearTimeout(timer);
      late.value = false;
    },
    wake: () => feed?.wake(),
    send: (frame: Parameters<Feed["send"]>[0]) => feed?.send(frame) ?? false,
  };
}

/** Reads messages that lie before those that are known. */
async function loadEarlier({ conversation, messages, earlier }: State, door: Door): Promise<void> {
  const at = conversation.value;
  const first = messages.value[0];
  if (!at || !first) return;
  const path = `/api/webchat/messages?before=${first.position}&limit=${PAGE}`;
  const page = await ask<{ data: Message[]; nextCursor: string | null }>("GET", path, as(door.session));
  // Meanwhile the page may show another conversation, or have loaded the same.
  if (messages.value[0]?.id !== first.id) return;
  const known = earlier.value?.conversationId === at.id ? earlier.value.messages : [];
  earlier.value = { conversationId: at.id, messages: [...page.data, ...known], more: page.nextCursor !== null };
}
