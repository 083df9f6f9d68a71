/** What was said and what happened in the conversations that were opened lately, kept up to date by the feed. */
import { signal } from "@preact/signals";
import { ApiError, ask } from "../api/client";
import { type Happening, happening, recorded } from "./history";
import { DESK, type Knowledge } from "./knowledge";
import type { Brief, Conversation, Delta, Entry, Page } from "./types";

/** How many conversations' transcripts are kept. */
const KEPT = 30;

export interface Talk {
  /** What was said and noted, the oldest first, without a hole. */
  entries: readonly Entry[];
  happenings: readonly Happening[];
  /** The customer's other conversations. */
  others: readonly Brief[];
  /** Where what was said before begins; none at the beginning. */
  earlier: string | null;
  state: "loading" | "ready" | "failed" | "unknown";
  /** Whether it may have missed something. */
  stale: boolean;
}

const NEW: Talk = { entries: [], happenings: [], others: [], earlier: null, state: "loading", stale: true };

interface Answer {
  conversation: Conversation & { messages: Entry[] };
  messagesCursor: string | null;
  otherConversations: Brief[];
}

export type Talks = ReturnType<typeof createTalks>;

export function createTalks(knowledge: () => Knowledge) {
  const talks = signal<ReadonlyMap<string, Talk>>(new Map());

  function set(id: string, to: Partial<Talk>): void {
    const all = new Map(talks.value);
    const talk = { ...(all.get(id) ?? NEW), ...to };
    // The one that was touched last comes last; the first is the one to forget.
    all.delete(id);
    all.set(id, talk);
    const oldest = all.keys().next().value;
    if (all.size > KEPT && oldest) all.delete(oldest);
    talks.value = all;
  }

  /** Makes sure that all of it is there. */
  async function open(id: string): Promise<void> {
    const known = talks.value.get(id);
    if (known && !known.stale && known.state !== "failed") return;
    set(id, { stale: false, state: known?.entries.length ? "ready" : "loading" });
    try {
      let answer: Answer | undefined;
      await knowledge().learn(async () => {
        answer = await ask<Answer>("GET", `${DESK}/conversations/${id}`, {});
        const { messages: _, ...conversation } = answer.conversation;
        return [conversation];
      });
      arrived(id, answer!);
      void recount(id);
    } catch (error) {
      const unknown = error instanceof ApiError && (error.status === 404 || error.status === 422);
      set(id, { state: unknown ? "unknown" : talks.value.get(id)?.entries.length ? "ready" : "failed", stale: true });
    }
  }

  function arrived(id: string, { conversation, messagesCursor, otherConversations: others }: Answer): void {
    const known = talks.value.get(id)?.entries ?? [];
    const first = conversation.messages[0]?.position ?? 0;
    const last = known.at(-1)?.position ?? 0;
    // What is known from before joins on only where nothing can lie between.
    const joins = known.length > 0 && last >= first;
    const entries = merged(joins ? known : known.filter((it) => it.position > first), conversation.messages);
    const earlier = joins && known[0]!.position < first ? (talks.value.get(id)?.earlier ?? null) : messagesCursor;
    set(id, { entries, others, earlier, state: "ready" });
  }

  /** Looks up what happened, as far back as what was said is known. */
  async function recount(id: string): Promise<void> {
    const { entries = [], earlier } = talks.value.get(id) ?? {};
    const past = await recorded(id, earlier ? (entries[0]?.position ?? 0) : 0).catch(() => []);
    const known = talks.value.get(id)?.happenings ?? [];
    const since = known.filter((it) => !past.some((other) => other.position === it.position));
    set(id, { happenings: [...past, ...since] });
  }

  /** Fetches what was said before. */
  async function loadEarlier(id: string): Promise<void> {
    const cursor = talks.value.get(id)?.earlier;
    if (!cursor) return;
    const path = `${DESK}/conversations/${id}/messages?before=${cursor}&limit=50`;
    const page = await ask<Page<Entry>>("GET", path, {});
    const talk = talks.value.get(id);
    if (talk?.earlier !== cursor) return;
    set(id, { entries: merged(page.data, talk.entries), earlier: page.nextCursor });
    void recount(id);
  }

  /** Adds something that was said. */
  function add(entry: Entry): void {
    const talk = talks.value.get(entry.conversationId);
    if (talk) set(entry.conversationId, { entries: merged(talk.entries, [entry]) });
  }

  function onDelta(delta: Delta): void {
    const id = delta.conversationId;
    const talk = id ? talks.value.get(id) : undefined;
    if (!id || !talk) return;
    if (delta.type === "message.posted") add({ ...delta.data.message, kind: "message" });
    if (delta.type === "note.added") add({ ...delta.data.note, kind: "note" });
    const happened = happening(delta);
    if (happened) set(id, { happenings: [...talk.happenings, happened] });
  }

  /** The feed began anew: between what is known and now there may be a hole. */
  function doubt(): void {
    talks.value = new Map([...talks.value].map(([id, talk]) => [id, { ...talk, stale: true }]));
  }

  return { talks, open, loadEarlier, add, onDelta, doubt };
}

/** Both, in the order of the log, each once. */
export function merged(some: readonly Entry[], others: readonly Entry[]): Entry[] {
  const all = new Map([...some, ...others].map((it) => [it.id, it]));
  return [...all.values()].sort((a, b) => a.position - b.position);
}
