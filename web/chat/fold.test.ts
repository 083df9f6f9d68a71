/** Folding deltas keeps a customer's view equal to a fresh snapshot. */
import { describe, expect, test } from "vitest";
import type { CustomerSnapshot, Delta, Message, OwnConversation } from "../api/types";
import { fold, SHOWN } from "./fold";

const AT = "2026-03-01T09:30:00Z";
const CUSTOMER = { kind: "customer", id: "cus_1", name: "Jane" } as const;
const AGENT = { kind: "agent", id: "agt_1", name: "Ana" } as const;

const empty: CustomerSnapshot = {
  customer: { id: "cus_1", name: null, email: null, phone: null },
  business: {
    name: "Acme",
    welcomeMessage: null,
    awayMessage: null,
    branding: { color: "#2563eb", logoUrl: null },
  },
  conversation: null,
};

type Told = Pick<Delta, "type" | "data">;

/** Deltas of one conversation, or of none, in their places. */
function history(told: Told[], conversationId: string | null = "cnv_1"): Delta[] {
  return told.map((it, at) => ({ ...it, position: at + 1, previous: at, conversationId, at: AT }) as Delta);
}

const folded = (deltas: Delta[]): CustomerSnapshot => deltas.reduce(fold, empty);

function message(position: number, author: Message["author"] = CUSTOMER): Message {
  const id = `msg_${position}`;
  return { id, conversationId: "cnv_1", author, type: "text", text: id, createdAt: AT, position };
}

const opened = { type: "conversation.opened", data: { channel: "widget", subject: null, queuePosition: 1 } } as Told;
const said = (position: number, author?: Message["author"]): Told =>
  ({ type: "message.posted", data: { message: message(position, author) } }) as Told;

/** What the server shows of a history: looked up from all of it, not folded. */
function fresh(deltas: Delta[]): OwnConversation | null {
  const [first] = deltas;
  if (!first) return null;
  const last = (...types: Delta["type"][]) => deltas.filter((it) => types.includes(it.type)).at(-1) as any;
  const messages = deltas.flatMap((it) => (it.type === "message.posted" ? [it.data.message] : []));
  const by = (kind: string) => messages.filter((it) => it.author.kind === kind).at(-1)?.position ?? 0;
  const read = (side: string) =>
    Math.max(0, ...deltas.flatMap((it) => (it.type === "conversation.read" && it.data.reader === side ? [it.data.upTo] : [])));
  const standing = last("conversation.opened", "conversation.resolved", "conversation.reopened");
  const held = last("conversation.opened", "conversation.assigned", "conversation.unassigned", "conversation.resolved", "conversation.reopened");
  const placed = last("conversation.opened", "conversation.assigned", "conversation.unassigned", "conversation.resolved", "conversation.reopened", "queue.changed");
  const rated = last("conversation.rated");
  return {
    id: "cnv_1",
    status: standing.type === "conversation.resolved" ? "resolved" : "open",
    channel: "widget",
    subject: null,
    assignee: held.data.assignee ?? null,
    queuePosition: placed.data.queuePosition,
    messages: messages.slice(-SHOWN),
    hasEarlier: messages.length > SHOWN,
    marks: {
      customerMessage: by("customer"),
      agentMessage: by("agent"),
      readByCustomer: read("customer"),
      readByAgents: read("agent"),
    },
    call: null,
    lastCall: null,
    rating: rated && rated.position > standing.position ? { ...rated.data, at: rated.at } : null,
    createdAt: AT,
  };
}

/** The same numbers for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Anything that may happen to a conversation. */
function anything(next: (below: number) => number, position: number): Told {
  const queuePosition = [null, 1, 7][next(3)]!;
  const assignee = { id: "agt_1", name: "Ana" };
  const kinds: Told[] = [
    said(position),
    said(position, AGENT),
    said(position, { kind: "system" }),
    { type: "conversation.assigned", data: { assignee, queuePosition } },
    { type: "conversation.unassigned", data: { queuePosition } },
    { type: "conversation.resolved", data: { queuePosition } },
    { type: "conversation.reopened", data: { assignee: next(2) ? assignee : null, queuePosition } },
    { type: "queue.changed", data: { queuePosition } },
    { type: "conversation.rated", data: { score: 1 + next(5), comment: null } },
    { type: "conversation.read", data: { reader: next(2) ? "agent" : "customer", upTo: next(position) } },
  ] as Told[];
  return kinds[next(kinds.length)]!;
}

describe("a customer's view", () => {
  test("equals a fresh snapshot after every delta of any history", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const next = numbers(seed);
      const told = [opened, ...Array.from({ length: 160 }, (_, at) => anything(next, at + 2))];
      const deltas = history(told);
      let view = empty;
      deltas.forEach((delta, at) => {
        view = fold(view, delta);
        expect(view.conversation, `seed ${seed}, delta ${at}`).toEqual(fresh(deltas.slice(0, at + 1)));
      });
    }
  });

  test("shows the latest messages and says that there are earlier ones", () => {
    const { conversation } = folded(history([opened, ...Array.from({ length: SHOWN + 3 }, (_, at) => said(at + 2))]));
    expect(conversation?.messages).toHaveLength(SHOWN);
    expect(conversation?.messages[0]?.position).toBe(5);
    expect(conversation?.hasEarlier).toBe(true);
  });

  test("isn't touched by another conversation's deltas, and moves on to a later conversation", () => {
    const before = folded(history([opened, said(2)]));
    expect(fold(before, history([said(3)], "cnv_0")[0]!)).toBe(before);
    expect(fold(before, history([opened], "cnv_2")[0]!).conversation?.id).toBe("cnv_2");
    expect(fold(before, history([opened], "cnv_0")[0]!)).toBe(before);
  });

  test("is never changed in place", () => {
    const before = folded(history([opened, said(2)]));
    const copy = structuredClone(before);
    history([said(3, AGENT), { type: "conversation.read", data: { reader: "agent", upTo: 2 } } as Told]).forEach((it) =>
      fold(before, it),
    );
    expect(before).toEqual(copy);
  });

  test("follows a call", () => {
    const call = { id: "call_1", type: "audio", by: CUSTOMER, startedAt: AT, joined: [] };
    const begun = history([opened, { type: "call.started", data: { call } } as unknown as Told]);
    const joined = { type: "call.joined", data: { callId: "call_1", by: AGENT } } as Told;
    const view = fold(folded(begun), history([joined])[0]!);
    expect(view.conversation?.call?.joined).toEqual([AGENT]);
    const ended = { type: "call.ended", data: { callId: "call_1", reason: "missed", durationSeconds: 0, queuePosition: 1 } } as Told;
    const { conversation } = fold(view, { ...history([ended])[0]!, position: 9 });
    expect(conversation).toMatchObject({ call: null, queuePosition: 1 });
    const remembered = { id: "call_1", type: "audio", by: CUSTOMER, startedAt: AT, reason: "missed", durationSeconds: 0 };
    expect(conversation?.lastCall).toMatchObject({ ...remembered, position: 9 });
  });

  test("takes over what changed of the business and of the customer, and what was cleared", () => {
    const changes = { color: "#000000", welcomeMessage: "Hi", awayMessage: null };
    const settings = history([{ type: "settings.changed", data: { changes } } as Told], null)[0]!;
    expect(fold(empty, settings).business).toEqual({
      name: "Acme",
      welcomeMessage: "Hi",
      awayMessage: null,
      branding: { color: "#000000", logoUrl: null },
    });
    const profile = history([{ type: "customer.updated", data: { changes: { name: "Jane" } } } as Told], null)[0]!;
    expect(fold(empty, profile).customer).toEqual({ id: "cus_1", name: "Jane", email: null, phone: null });
  });

  test("passes over what only a newer server tells", () => {
    const view = folded(history([opened]));
    const unknown = history([{ type: "conversation.sung", data: {} } as unknown as Told])[0]!;
    expect(fold(view, unknown)).toEqual(view);
  });
});
