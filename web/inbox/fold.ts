/**
 * What is known of the inbox, and how a delta changes it: the same fold as the server's (`AgentSnapshot::fold`), so that
 * both come to the same from the same deltas. It changes nothing in place.
 *
 * The server's snapshot lists the hundred unresolved conversations with the latest activity. The page keeps every
 * conversation that it has come to know, resolved ones too, and how far down it knows all of a view is counted beside
 * it (`views.ts`). That stays true because whatever moves a conversation into a view or up in it brings it to the top,
 * and a conversation that is brought to the top and isn't known is fetched.
 */
import { folded, missesCall, movesUp, opened } from "./conversation";
import type { Agent, Conversation, Delta, DeltaOf, Position, Priority, QueueEntry, Reply, Snapshot } from "./types";

export interface Inbox extends Omit<Snapshot, "conversations" | "queue" | "complete" | "replies"> {
  /** Every conversation that is known, the latest activity first. */
  conversations: readonly Conversation[];
  /** Everything that waits, in the order in which it will be served. */
  queue: readonly QueueEntry[];
  /** Down to this activity every unresolved conversation is known. */
  unresolvedFrom: Position;
  /** The canned replies, by shortcut. */
  replies: readonly Reply[];
}

/** The inbox after a delta, and the conversation that has to be fetched and inserted because no delta tells all of it. */
export interface Folded {
  inbox: Inbox;
  missing: string | null;
}

const RANK: Record<Priority, number> = { urgent: 0, high: 1, normal: 2, low: 3 };

/** What is known from a snapshot. */
export function begun(snapshot: Snapshot): Inbox {
  const { complete, replies = [], ...rest } = snapshot;
  return { ...rest, replies, unresolvedFrom: complete ? 0 : (snapshot.conversations.at(-1)?.activity ?? 0) };
}

export function fold(inbox: Inbox, delta: Delta): Folded {
  const id = delta.conversationId;
  if (!id) return { inbox: { ...inbox, ...foldRest(inbox, delta) }, missing: null };
  const held = inbox.conversations.find((it) => it.id === id);
  if (held) {
    return { inbox: held.position >= delta.position ? inbox : listed(inbox, folded(held, delta)), missing: null };
  }
  if (delta.type === "conversation.opened") return { inbox: listed(inbox, opened(id, delta)), missing: null };
  return { inbox: { ...inbox, queue: requeued(inbox.queue, id, delta) }, missing: movesUp(delta) ? id : null };
}

/**
 * The inbox with conversations that were fetched, unless later states of them are known. `since` are the deltas that have
 * come while they were on their way: of those that weren't known then, nobody has folded them yet.
 */
export function insert(inbox: Inbox, fetched: readonly Conversation[], since: readonly Delta[] = []): Inbox {
  const held = new Map(fetched.map((it) => [it.id, -1]));
  for (const it of inbox.conversations) if (held.has(it.id)) held.set(it.id, it.position);
  const fresh = fetched.map((it) => caughtUp(it, since)).filter((it) => it.position > held.get(it.id)!);
  return listed(inbox, ...fresh.sort((a, b) => b.activity - a.activity));
}

/** A fetched conversation with the deltas that it doesn't have yet. */
function caughtUp(fetched: Conversation, since: readonly Delta[]): Conversation {
  let it: Conversation = { ...fetched, queuePosition: null };
  for (const delta of since) {
    const concerns =
      delta.type === "customer.updated" ? delta.data.customerId === it.customer.id : delta.conversationId === it.id;
    if (concerns && delta.position > it.position) it = folded(it, delta);
  }
  return it;
}

/** The inbox with new states of conversations, the latest activity first, in their places in the list and in the queue. */
function listed(inbox: Inbox, ...fresh: Conversation[]): Inbox {
  const ids = new Set(fresh.map((it) => it.id));
  const conversations: Conversation[] = [];
  let next = 0;
  for (const it of inbox.conversations) {
    if (ids.has(it.id)) continue;
    while (next < fresh.length && fresh[next]!.activity >= it.activity) conversations.push(fresh[next++]!);
    conversations.push(it);
  }
  conversations.push(...fresh.slice(next));
  return { ...inbox, conversations, queue: fresh.reduce(queued, inbox.queue) };
}

function queued(queue: readonly QueueEntry[], it: Conversation): readonly QueueEntry[] {
  const { id: conversationId, priority, waiting } = it;
  return waiting
    ? enqueued(queue, {
        conversationId,
        priority,
        waitingSince: waiting.since,
        position: waiting.position,
        missedCall: waiting.missedCall ?? false,
      })
    : unqueued(queue, conversationId);
}

/** The queue after a delta of a conversation that isn't known. */
function requeued(queue: readonly QueueEntry[], id: string, delta: Delta): readonly QueueEntry[] {
  const waits = queue.find((entry) => entry.conversationId === id);
  if (missesCall(delta)) return waits ? enqueued(queue, { ...waits, missedCall: true }) : queue;
  switch (delta.type) {
    case "conversation.assigned":
    case "conversation.resolved":
    case "conversation.snoozed":
      return unqueued(queue, id);
    case "conversation.prioritized":
      return waits ? enqueued(queue, { ...waits, priority: delta.data.priority }) : queue;
    default:
      return queue;
  }
}

function enqueued(queue: readonly QueueEntry[], entry: QueueEntry): readonly QueueEntry[] {
  const others = unqueued(queue, entry.conversationId);
  const before = (other: QueueEntry) =>
    Number(entry.missedCall ?? false) - Number(other.missedCall ?? false) ||
    RANK[other.priority] - RANK[entry.priority] || other.position - entry.position;
  const at = others.findIndex((other) => before(other) >= 0);
  return at < 0 ? [...others, entry] : [...others.slice(0, at), entry, ...others.slice(at)];
}

function unqueued(queue: readonly QueueEntry[], id: string): readonly QueueEntry[] {
  return queue.some((entry) => entry.conversationId === id)
    ? queue.filter((entry) => entry.conversationId !== id)
    : queue;
}

/** What a delta that is about no conversation changes. */
function foldRest(inbox: Inbox, delta: Delta): Partial<Inbox> {
  switch (delta.type) {
    case "customer.updated":
      return {
        conversations: inbox.conversations.map((it) =>
          it.customer.id === delta.data.customerId && it.position < delta.position ? folded(it, delta) : it,
        ),
      };
    case "settings.changed":
      return { settings: resettled(inbox.settings, delta.data.changes as SettingsChanges) };
    case "reply.saved":
      return { replies: inOrder(inbox.replies, delta.data.reply, (it) => it.shortcut) };
    case "reply.deleted":
      return { replies: inbox.replies.filter((it) => it.shortcut !== delta.data.shortcut) };
    default:
      return { agents: foldTeam(inbox.agents, delta) };
  }
}

function foldTeam(agents: Agent[], delta: Delta): Agent[] {
  const change = (id: string, to: Partial<Agent>) => agents.map((it) => (it.id === id ? { ...it, ...to } : it));
  switch (delta.type) {
    case "agent.invited":
      return inOrder(agents, delta.data.agent, (it) => it.id);
    case "agent.joined":
      return inOrder(agents, joined(agents, delta), (it) => it.id);
    case "agent.updated": {
      const { agentId, ...changes } = delta.data;
      // What is null wasn't changed.
      const told = Object.entries(changes).filter(([, value]) => value !== undefined && value !== null);
      return change(agentId, Object.fromEntries(told));
    }
    case "agent.availability":
      return change(delta.data.agentId, { availability: delta.data.availability });
    case "agent.deactivated":
      return agents.filter((it) => it.id !== delta.data.agentId);
    default:
      return agents;
  }
}

function joined(agents: Agent[], { data }: DeltaOf<"agent.joined">): Agent {
  const { agentId: id, ...told } = data;
  const skills = agents.find((it) => it.id === id)?.skills ?? [];
  return { id, ...told, joined: true, availability: "offline", skills };
}

/** The list with one more, or another in the place of the one with the same key. */
function inOrder<T>(list: readonly T[], one: T, key: (it: T) => string): T[] {
  const others = list.filter((it) => key(it) !== key(one));
  const at = others.findIndex((it) => key(it) > key(one));
  others.splice(at < 0 ? others.length : at, 0, one);
  return others;
}

type SettingsChanges = Partial<
  Pick<Inbox["settings"], "welcomeMessage" | "awayMessage"> &
    Inbox["settings"]["branding"] &
    Inbox["settings"]["preferences"] & { language: string | null; hours: unknown }
>;

function resettled(settings: Inbox["settings"], changes: SettingsChanges): Inbox["settings"] {
  const { color, logoUrl, autoAssign, defaultCapacity, offlineGraceSeconds, language, ...rest } = changes;
  return {
    ...settings,
    ...rest,
    branding: { ...settings.branding, ...told({ color, logoUrl }) },
    preferences: {
      ...settings.preferences,
      ...told({ autoAssign, defaultCapacity, offlineGraceSeconds, language }),
    },
  } as Inbox["settings"];
}

/** Only what is told of: what is null is, what is undefined isn't. */
function told<T extends object>(changes: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as never;
}
