/** Deltas and what they make of the inbox, one kind after the other. */
import { describe, expect, test } from "vitest";
import { begun, fold, type Inbox, insert } from "./fold";
import { ana, assigned, at, ben, conversation, delta, jane, opened, posted, snapshot } from "./given";
import type { Conversation, Delta } from "./types";

const empty = begun(snapshot());

function after(deltas: readonly Delta[], from: Inbox = empty): Inbox {
  return deltas.reduce((inbox, one) => fold(inbox, one).inbox, from);
}

/** The only conversation after its opening and the deltas. */
function it1(...deltas: Delta[]): Conversation {
  return after([opened(1, "cnv_1"), ...deltas]).conversations[0]!;
}

const resolved = (position: number) => delta(position, "conversation.resolved", "cnv_1", { by: ana });
const snoozed = (position: number) => delta(position, "conversation.snoozed", "cnv_1", { until: at(99), by: ana });
const released = (position: number) =>
  delta(position, "conversation.unassigned", "cnv_1", { previous: ana.id, reason: { kind: "released", by: ana.id } });
const reopened = (position: number, assignee: typeof ana | null) =>
  delta(position, "conversation.reopened", "cnv_1", { cause: { kind: "customerMessage" }, assignee });
const read = (position: number, reader: "agent" | "customer", upTo: number) =>
  delta(position, "conversation.read", "cnv_1", { reader, agentId: null, upTo });
const queue = (inbox: Inbox) => inbox.queue.map((entry) => entry.conversationId);

describe("a conversation", () => {
  test("waits from its opening", () => {
    expect(it1()).toEqual(conversation("cnv_1", 1));
  });

  test("shows the beginning of its latest message, never of a note", () => {
    const note = { ...(posted(4, "cnv_1", ana, "secret") as Extract<Delta, { type: "message.posted" }>).data.message };
    const it = it1(posted(2, "cnv_1", "customer"), posted(3, "cnv_1", "customer", "é".repeat(200)), delta(4, "note.added", "cnv_1", { note }));
    expect(it.lastMessage).toMatchObject({ text: "é".repeat(140), position: 3, createdAt: at(3) });
    expect(it).toMatchObject({ activity: 4, position: 4, updatedAt: at(4) });
  });

  test("shows the name of a file that came without words", () => {
    const { message } = (posted(2, "cnv_1", "customer", "") as Extract<Delta, { type: "message.posted" }>).data;
    const file = { id: "fil_1", name: "receipt.pdf", mediaType: "application/pdf", size: 9 };
    const sent = { ...message, type: "file", file } as unknown as typeof message;
    expect(it1(delta(2, "message.posted", "cnv_1", { message: sent })).lastMessage?.text).toBe("receipt.pdf");
  });

  test("is unread until it is read or answered", () => {
    expect(it1(posted(2, "cnv_1", "customer"))).toMatchObject({ unread: true, unreadMessages: [2] });
    expect(it1(posted(2, "cnv_1", "customer"), read(3, "agent", 2))).toMatchObject({ unread: false, unreadMessages: [] });
    expect(it1(posted(2, "cnv_1", "customer"), read(3, "customer", 2)).unread).toBe(true);
    const answered = it1(posted(2, "cnv_1", "customer"), posted(3, "cnv_1", ana));
    expect(answered).toMatchObject({ unread: false, marks: { customerMessage: 2, agentMessage: 3 } });
  });

  test("tells of the latest hundred unread messages", () => {
    const asked = Array.from({ length: 105 }, (_, n) => posted(n + 2, "cnv_1", "customer"));
    expect(it1(...asked).unreadMessages).toEqual(Array.from({ length: 100 }, (_, n) => n + 7));
  });

  test("is no more active for being read", () => {
    expect(it1(posted(2, "cnv_1", "customer"), read(3, "agent", 2))).toMatchObject({
      activity: 2,
      updatedAt: at(2),
      position: 3,
      marks: { readByAgents: 2 },
    });
    expect(it1(read(2, "agent", 9), read(3, "agent", 5)).marks.readByAgents).toBe(9);
  });

  test("waits from when it became nobody's, and not while it rests or is settled", () => {
    expect(it1(assigned(2, "cnv_1"))).toMatchObject({ assignee: ana, waiting: null });
    const back = it1(assigned(2, "cnv_1"), released(3), posted(4, "cnv_1", "customer"));
    expect(back).toMatchObject({ assignee: null, waiting: { since: at(3), position: 3 } });
    expect(it1(snoozed(2))).toMatchObject({ status: "snoozed", snoozedUntil: at(99), waiting: null, activity: 1 });
    expect(it1(snoozed(2), reopened(3, null))).toMatchObject({ status: "open", snoozedUntil: null, waiting: { position: 3 } });
    expect(it1(snoozed(2), reopened(3, ana)).waiting).toBeNull();
  });

  test("loses its settlement and its rating when it is open again", () => {
    const rated = delta(4, "conversation.rated", "cnv_1", { score: 4, comment: "Thanks" });
    const settled = it1(assigned(2, "cnv_1"), resolved(3), rated);
    expect(settled).toMatchObject({
      status: "resolved",
      assignee: null,
      resolved: { by: ana, at: at(3) },
      rating: { score: 4, comment: "Thanks", at: at(4) },
      activity: 3,
    });
    expect(it1(assigned(2, "cnv_1"), resolved(3), rated, reopened(5, null))).toMatchObject({ resolved: null, rating: null });
  });

  test("is labelled without moving", () => {
    const it = it1(
      delta(2, "conversation.tagged", "cnv_1", { tags: ["billing"], by: ana }),
      delta(3, "conversation.prioritized", "cnv_1", { priority: "urgent", by: ana }),
    );
    expect(it).toMatchObject({ tags: ["billing"], priority: "urgent", activity: 1, updatedAt: at(3) });
  });

  test("shows a call while it goes on", () => {
    const by = { kind: "agent" as const, ...ana };
    const call = {
      id: "call_1",
      type: "video" as const,
      by,
      startedAt: at(2),
      state: "ringing" as const,
      rings: null,
      joined: [],
    };
    const started = delta(2, "call.started", "cnv_1", { call });
    const joined = delta(3, "call.joined", "cnv_1", { callId: "call_1", by });
    expect(it1(started, joined)).toMatchObject({ call: { ...call, joined: [by] }, activity: 2 });
    const step = (position: number, type: "call.left" | "call.escalated" | "call.declined") =>
      delta(position, type, "cnv_1", { callId: "call_1", by });
    const rang = delta(3, "call.rang", "cnv_1", { callId: "call_1", agent: ana });
    expect(it1(started, rang).call).toMatchObject({ rings: ana });
    expect(it1(started, rang, step(4, "call.declined")).call).toMatchObject({ rings: null });
    expect(it1(started, joined, step(4, "call.left"), step(5, "call.escalated")).call).toMatchObject({ joined: [], type: "video" });
    const answered = delta(4, "call.answered", "cnv_1", { callId: "call_1", by, at: at(4) });
    expect(it1(started, rang, answered)).toMatchObject({ call: { state: "answered" }, activity: 2 });
    const ended = delta(4, "call.ended", "cnv_1", { callId: "call_1", reason: "hungUp", by, durationSeconds: 9 });
    expect(it1(started, joined, ended)).toMatchObject({
      call: null,
      lastCall: { id: "call_1", reason: "hungUp", durationSeconds: 9, position: 4 },
    });
  });

  test("comes first in the queue when its customer has called in vain", () => {
    const by = { kind: "customer" as const, id: jane.id, name: jane.name };
    const call = { id: "call_1", type: "audio" as const, by, startedAt: at(3), state: "ringing" as const, joined: [by] };
    const before = begun(snapshot([conversation("cnv_1", 1), conversation("cnv_2", 2)]));
    const missed = { callId: "call_1", reason: "missed" as const, durationSeconds: 0 };
    const inbox = [delta(3, "call.started", "cnv_2", { call }), delta(4, "call.ended", "cnv_2", missed)].reduce(
      (it, one) => fold(it, one).inbox,
      before,
    );
    expect(inbox.queue.map((it) => it.conversationId)).toEqual(["cnv_2", "cnv_1"]);
    expect(inbox.queue[0]).toMatchObject({ missedCall: true });
  });

  test("follows its customer", () => {
    const other = { ...jane, id: "cus_2", name: "Joan" };
    const changed = delta(2, "conversation.customerChanged", "cnv_1", { customer: other, previous: jane.id });
    expect(it1(changed).customer).toEqual(other);
    const updated = (position: number, changes: object) =>
      delta(position, "customer.updated", null, { customerId: jane.id, changes: changes as never });
    const it = it1(updated(2, { name: null, metadata: { plan: "pro", old: 1 } }), updated(3, { metadata: { old: null } }));
    expect(it.customer).toEqual({ ...jane, name: null, metadata: { plan: "pro" } });
    expect(it).toMatchObject({ position: 3, updatedAt: at(1) });
  });
});

describe("the list", () => {
  test("has the latest activity first", () => {
    const two = [opened(1, "cnv_1"), opened(2, "cnv_2")];
    expect(after(two).conversations.map((it) => it.id)).toEqual(["cnv_2", "cnv_1"]);
    expect(after([...two, posted(3, "cnv_1", ana)]).conversations.map((it) => it.id)).toEqual(["cnv_1", "cnv_2"]);
  });

  test("folds nothing twice", () => {
    const inbox = after([opened(1, "cnv_1"), posted(2, "cnv_1", "customer")]);
    expect(after([posted(2, "cnv_1", "customer")], inbox)).toEqual(inbox);
  });

  test("asks for what is brought to the top and isn't known", () => {
    expect(fold(empty, reopened(5, null)).missing).toBe("cnv_1");
    expect(fold(empty, posted(5, "cnv_1", "customer")).missing).toBe("cnv_1");
    expect(fold(empty, opened(5, "cnv_1")).missing).toBeNull();
    expect(fold(empty, delta(5, "conversation.tagged", "cnv_1", { tags: [], by: ana })).missing).toBeNull();
  });

  test("takes in what is fetched, with what happened meanwhile, and never an older state", () => {
    const fetched = conversation("cnv_1", 1);
    const meanwhile = [delta(3, "conversation.tagged", "cnv_1", { tags: ["vip"], by: ana }), posted(4, "cnv_2", ana)];
    const inbox = insert(empty, [fetched], meanwhile);
    expect(inbox.conversations).toEqual([{ ...fetched, tags: ["vip"], position: 3, updatedAt: at(3) }]);
    expect(queue(inbox)).toEqual(["cnv_1"]);
    expect(insert(inbox, [fetched])).toEqual(inbox);
  });

  test("knows how far down a snapshot goes", () => {
    const some = [conversation("cnv_9", 9), conversation("cnv_7", 7)];
    expect(begun(snapshot(some)).unresolvedFrom).toBe(0);
    expect(begun(snapshot(some, { complete: false })).unresolvedFrom).toBe(7);
  });
});

describe("the queue", () => {
  test("serves the urgent first, then who waits longest", () => {
    const three = [opened(1, "cnv_1"), opened(2, "cnv_2"), opened(3, "cnv_3")];
    expect(queue(after(three))).toEqual(["cnv_1", "cnv_2", "cnv_3"]);
    const urgent = delta(4, "conversation.prioritized", "cnv_3", { priority: "urgent", by: ana });
    const low = delta(5, "conversation.prioritized", "cnv_1", { priority: "low", by: ana });
    expect(queue(after([...three, urgent, low]))).toEqual(["cnv_3", "cnv_2", "cnv_1"]);
    expect(queue(after([...three, assigned(6, "cnv_2")]))).toEqual(["cnv_1", "cnv_3"]);
    expect(queue(after([...three, assigned(6, "cnv_1"), released(7)]))).toEqual(["cnv_2", "cnv_3", "cnv_1"]);
  });

  test("follows conversations that aren't known", () => {
    const waits = { conversationId: "cnv_1", priority: "normal" as const, waitingSince: at(1), position: 1 };
    const inbox = begun(snapshot([conversation("cnv_2", 2)], { complete: false }));
    const both = { ...inbox, queue: [waits, ...inbox.queue] };
    expect(queue(after([delta(3, "conversation.prioritized", "cnv_1", { priority: "low", by: ana })], both))).toEqual(["cnv_2", "cnv_1"]);
    for (const gone of [assigned(3, "cnv_1"), resolved(3), snoozed(3)]) {
      expect(queue(after([gone], both))).toEqual(["cnv_2"]);
    }
  });
});

describe("the team", () => {
  const invited = delta(1, "agent.invited", null, {
    agent: { id: "agt_3", name: "Cy", email: "cy@acme.test", role: "agent", joined: false, availability: "offline", capacity: 3, skills: [] },
  });
  const skilled = delta(2, "agent.updated", null, { agentId: "agt_3", skills: ["billing"] });
  const joined = delta(3, "agent.joined", null, { agentId: "agt_3", name: "Cyrus", email: "cy@acme.test", role: "admin", capacity: 4 });
  const agents = (...deltas: Delta[]) => after(deltas).agents;

  test("grows and keeps the skills that were set before", () => {
    expect(agents(invited).map((it) => it.id)).toEqual([ana.id, ben.id, "agt_3"]);
    expect(agents(invited, skilled, joined)[2]).toEqual({
      id: "agt_3",
      name: "Cyrus",
      email: "cy@acme.test",
      role: "admin",
      joined: true,
      availability: "offline",
      capacity: 4,
      skills: ["billing"],
    });
  });

  test("changes and shrinks", () => {
    const renamed = delta(1, "agent.updated", null, { agentId: ben.id, name: "Benno", capacity: null });
    expect(agents(renamed)[1]).toMatchObject({ name: "Benno", capacity: 5 });
    const away = delta(1, "agent.availability", null, { agentId: ben.id, availability: "away", reason: "chosen" });
    expect(agents(away)[1]).toMatchObject({ availability: "away" });
    expect(agents(delta(1, "agent.deactivated", null, { agentId: ben.id, by: ana.id }))).toHaveLength(1);
  });
});

describe("the rest", () => {
  test("settings change one by one", () => {
    const { settings } = after([
      delta(1, "settings.changed", null, { changes: { welcomeMessage: "Hi", color: "#112233", autoAssign: false } as never }),
      delta(2, "settings.changed", null, { changes: { welcomeMessage: null } as never }),
    ]);
    expect(settings).toEqual({
      ...empty.settings,
      branding: { color: "#112233", logoUrl: null },
      preferences: { ...empty.settings.preferences, autoAssign: false },
    });
  });

  test("canned replies are kept by shortcut", () => {
    const saved = (position: number, shortcut: string, text: string) =>
      delta(position, "reply.saved", null, { reply: { shortcut, text } });
    const inbox = after([saved(1, "thanks", "Thank you"), saved(2, "hello", "Hello"), saved(3, "thanks", "Thanks!")]);
    expect(inbox.replies).toEqual([
      { shortcut: "hello", text: "Hello" },
      { shortcut: "thanks", text: "Thanks!" },
    ]);
    expect(after([delta(4, "reply.deleted", null, { shortcut: "hello" })], inbox).replies).toHaveLength(1);
  });

  test("nothing is changed in place", () => {
    const frozen = JSON.stringify(empty);
    after([opened(1, "cnv_1"), posted(2, "cnv_1", "customer"), assigned(3, "cnv_1")]);
    expect(JSON.stringify(empty)).toBe(frozen);
  });
});
