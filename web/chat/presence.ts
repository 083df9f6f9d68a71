/** Whether somebody is there: the team, the connection to it, the customer's eyes on the page. */
import { effect } from "@preact/signals";
import { ApiError } from "../api/client";
import type { Frame, Position } from "../api/types";
import { type Door, looked } from "./door";
import { type Feed, follow } from "./feed";
import { type About, deserted, type State } from "./state";

/** Who is there is looked up at most this often, and this often while the chat is watched, in milliseconds. */
const LOOK_AGAIN = 5_000;
const LOOK_WHILE_WATCHED = 60_000;
/** A connection that comes back sooner than this isn't missed. */
const GRACE = 2_500;

/** Looks who is there: at first, when the queue moves, and now and then while the chat is watched. */
export function observer({ about, away, snapshot, trouble, watching, visible }: State, door: Door, lookUp: () => Promise<About>) {
  let last = about.value ? Date.now() : 0;
  let later = 0;
  const look = async () => {
    clearTimeout(later);
    const wait = last + LOOK_AGAIN - Date.now();
    if (wait > 0) {
      later = window.setTimeout(look, wait);
      return;
    }
    last = Date.now();
    try {
      const found = await lookUp();
      // What greets a newcomer stays as it is while they talk.
      if (!about.value && found.availability) away.value = deserted(found.availability) && !door.session;
      about.value = found;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.passes) last = 0;
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
export function connector({ live, late, typist }: State, door: Door, onFrame: (frame: Frame) => void, onEnded: () => void) {
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
      await looked(door.session);
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

/** Tells the team how far the customer has read. Answers what makes it tell that again. */
export function reader(state: State, send: Feed["send"]): () => void {
  const { conversation, live, messages, unread, visible, watching } = state;
  let told: Position = 0;
  effect(() => {
    const at = conversation.value;
    const last = messages.value.at(-1)?.position ?? 0;
    if (!at || !live.value || !watching.value || !visible.value) return;
    if (unread.value === 0 || last <= told) return;
    if (send({ type: "read", conversationId: at.id, upTo: last })) told = last;
  });
  return () => (told = 0);
}

/** Follows what the browser says about itself, and wakes the chat when things may work again. */
export function attentive({ online, visible }: State, wake: () => void): void {
  addEventListener("online", () => {
    online.value = true;
    wake();
  });
  addEventListener("offline", () => (online.value = false));
  document.addEventListener("visibilitychange", () => {
    visible.value = !document.hidden;
    if (visible.value) wake();
  });
}
