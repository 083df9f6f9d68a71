/** What tests begin with: a business with two agents, its customers, and deltas in their order. */
import type { Conversation, Delta, DeltaOf, Message, Snapshot } from "./types";

export const ana = { id: "agt_1", name: "Ana" };
export const ben = { id: "agt_2", name: "Ben" };
export const jane = { id: "cus_1", externalUserId: "c1", name: "Jane", email: "jane@example.com", phone: null, metadata: {} };

/** The time of a position. */
export function at(position: number): string {
  return new Date(Date.UTC(2026, 0, 1, 0, 0, position)).toISOString();
}

export function delta<K extends Delta["type"]>(
  position: number,
  type: K,
  conversationId: string | null,
  data: DeltaOf<K>["data"],
): Delta {
  return { type, position, previous: position - 1, conversationId, at: at(position), data } as unknown as Delta;
}

export function opened(position: number, id: string, customer = jane): Delta {
  return delta(position, "conversation.opened", id, { customer, channel: "widget", subject: "Boots" });
}

export function message(position: number, id: string, by: "customer" | typeof ana, text = "Hello"): Message {
  const author = by === "customer" ? { kind: "customer" as const, ...jane } : { kind: "agent" as const, ...by };
  return {
    id: `msg_${position}`,
    conversationId: id,
    author: { kind: author.kind, id: author.id, name: author.name } as Message["author"],
    type: "text",
    text,
    createdAt: at(position),
    position,
  };
}

export function posted(position: number, id: string, by: "customer" | typeof ana, text = "Hello"): Delta {
  const said = message(position, id, by, text) as DeltaOf<"message.posted">["data"]["message"];
  return delta(position, "message.posted", id, { message: said });
}

export function assigned(position: number, id: string, assignee = ana): Delta {
  return delta(position, "conversation.assigned", id, { assignee, previous: null, reason: { kind: "claimed" } });
}

/** A conversation as it is when it has just begun. */
export function conversation(id: string, position: number, more: Partial<Conversation> = {}): Conversation {
  return {
    id,
    status: "open",
    channel: "widget",
    subject: "Boots",
    customer: jane,
    assignee: null,
    queuePosition: null,
    tags: [],
    priority: "normal",
    lastMessage: null,
    unread: false,
    unreadMessages: [],
    marks: { customerMessage: 0, agentMessage: 0, readByCustomer: 0, readByAgents: 0 },
    waiting: { since: at(position), position, missedCall: false },
    snoozedUntil: null,
    resolved: null,
    rating: null,
    call: null,
    lastCall: null,
    createdAt: at(position),
    updatedAt: at(position),
    activity: position,
    position,
    ...more,
  };
}

export function snapshot(conversations: Conversation[] = [], more: Partial<Snapshot> = {}): Snapshot {
  const member = { email: "a@acme.test", role: "agent" as const, joined: true, capacity: 5, skills: [] };
  return {
    me: ana.id,
    business: { id: "biz_1", name: "Acme", slug: "acme", domain: null },
    settings: {
      welcomeMessage: null,
      awayMessage: null,
      branding: { color: "#2563eb", logoUrl: null },
      preferences: { autoAssign: true, defaultCapacity: 5, offlineGraceSeconds: 60 },
    },
    agents: [
      { ...member, ...ana, availability: "online" },
      { ...member, ...ben, availability: "offline" },
    ],
    conversations,
    queue: conversations.flatMap((it) =>
      it.waiting
        ? [{ conversationId: it.id, priority: it.priority, waitingSince: it.waiting.since, position: it.waiting.position, missedCall: it.waiting.missedCall ?? false }]
        : [],
    ),
    complete: true,
    calls: true,
    replies: [],
    ...more,
  };
}
