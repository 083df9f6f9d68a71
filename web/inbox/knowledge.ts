/** What is known, kept up to date by the live feed; what the feed can't tell is fetched. */
import { batch, signal } from "@preact/signals";
import { ApiError, ask } from "../api/client";
import { type Feed, follow } from "../chat/feed";
import { begun, fold, type Inbox, insert } from "./fold";
import type { ClientFrame, Conversation, Delta, Frame, Me } from "./types";

export const DESK = "/api/admin/support";
const LATE = 2_500;
/** How many conversations are fetched at once. */
const AT_ONCE = 4;

export interface Listener {
  /** What is known is new: nothing of before counts. */
  onBegun(): void;
  /** A delta was folded in; `before` is what was known then. */
  onDelta(delta: Delta, before: Inbox): void;
  onFrame(frame: Frame): void;
  onLive(live: boolean): void;
}

export type Knowledge = ReturnType<typeof createKnowledge>;

export function createKnowledge(listener: Listener) {
  const inbox = signal<Inbox | null>(null);
  const live = signal(false);
  const late = signal(false);
  const ended = signal(false);
  let lateTimer = 0;
  /** Counts the snapshots: what was fetched under an earlier one may lie behind it. */
  let era = 0;
  /** The deltas that came while something is being fetched. */
  let recent: Delta[] = [];
  let fetching = 0;
  const wanted = wishes(refresh);

  function onFrame(frame: Frame): void {
    if (frame.type === "hello") {
      era += 1;
      recent = [];
      batch(() => {
        inbox.value = begun(frame.snapshot);
        listener.onBegun();
      });
    } else if ("previous" in frame) {
      const before = inbox.value;
      if (!before) return;
      batch(() => {
        const { inbox: after, missing } = fold(before, frame);
        if (fetching) recent.push(frame);
        inbox.value = after;
        if (missing) wanted.want(missing);
        listener.onDelta(frame, before);
        listener.onFrame(frame);
      });
    } else listener.onFrame(frame);
  }

  function onLive(now: boolean): void {
    clearTimeout(lateTimer);
    batch(() => {
      live.value = now;
      if (now) late.value = false;
      listener.onLive(now);
    });
    if (now) wanted.hurry();
    else lateTimer = window.setTimeout(() => (late.value = !ended.value), LATE);
  }

  /** Whether the session still opens the feed. */
  async function stillOpen(): Promise<boolean> {
    try {
      return Boolean((await ask<Me>("GET", "/api/auth/me", {})).agent);
    } catch (error) {
      return !(error instanceof ApiError && error.status === 401);
    }
  }

  /** Takes in conversations that are fetched, and what happened to them meanwhile. Answers whether they still count. */
  async function learn(fetch: () => Promise<readonly Conversation[]>): Promise<boolean> {
    const [then, from] = [era, recent.length];
    fetching += 1;
    try {
      const found = await fetch();
      if (then !== era || !inbox.value) return false;
      inbox.value = insert(inbox.value, found, recent.slice(from));
      return true;
    } finally {
      fetching -= 1;
      if (!fetching) recent = [];
    }
  }

  /** Fetches a conversation as it is now. */
  async function refresh(id: string): Promise<void> {
    await learn(async () => {
      const path = `${DESK}/conversations/${id}`;
      const answer = await ask<{ conversation: Conversation & { messages: unknown } }>("GET", path, {});
      const { messages: _, ...conversation } = answer.conversation;
      return [conversation];
    });
  }

  const feed: Feed<ClientFrame> = follow<Frame, ClientFrame>(
    null,
    { onFrame, onLive, onRefused: stillOpen, onEnded: () => (ended.value = true) },
    `${DESK}/socket`,
  );

  return {
    inbox,
    live,
    /** Whether the connection has been gone for so long that it should be said. */
    late,
    /** Whether the session is over. */
    ended,
    send: feed.send,
    wake: feed.wake,
    learn,
    want: wanted.want,
    refresh,
    find: (id: string) => inbox.value?.conversations.find((it) => it.id === id) ?? null,
  };
}

/** Fetches conversations that aren't known, a few at a time, as soon as there is a connection. */
function wishes(fetch: (id: string) => Promise<void>) {
  const wanted = new Set<string>();
  const onTheWay = new Set<string>();
  let busy = 0;

  async function run(): Promise<void> {
    if (busy >= AT_ONCE) return;
    busy += 1;
    for (const id of wanted) {
      wanted.delete(id);
      onTheWay.add(id);
      try {
        await fetch(id);
      } catch (error) {
        if (error instanceof ApiError && error.passes) {
          wanted.add(id);
          break;
        }
      } finally {
        onTheWay.delete(id);
      }
    }
    busy -= 1;
  }

  return {
    want: (id: string) => {
      if (onTheWay.has(id)) return;
      wanted.add(id);
      void run();
    },
    hurry: () => void run(),
  };
}
