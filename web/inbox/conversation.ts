/** What each delta does to a conversation: the same fold as the server's (`ConversationView::fold`). */
import { called, ended } from "../calls/fold";
import type { Conversation, Customer, Delta, DeltaOf, Message } from "./types";

/** The most unread messages that a conversation tells of. */
export const UNREAD = 100;
/** The most characters of the latest message that a conversation shows. */
const SHOWN = 140;

/** A conversation that has just begun. */
export function opened(id: string, { at, position, data }: DeltaOf<"conversation.opened">): Conversation {
  return {
    id,
    status: "open",
    channel: data.channel,
    subject: data.subject ?? null,
    customer: data.customer,
    assignee: null,
    queuePosition: null,
    tags: [],
    priority: "normal",
    lastMessage: null,
    unread: false,
    unreadMessages: [],
    marks: { customerMessage: 0, agentMessage: 0, readByCustomer: 0, readByAgents: 0 },
    waiting: { since: at, position, missedCall: false },
    snoozedUntil: null,
    resolved: null,
    rating: null,
    call: null,
    lastCall: null,
    createdAt: at,
    updatedAt: at,
    activity: position,
    position,
  };
}

/** The conversation after a later delta of it, or of its customer's profile. */
export function folded(before: Conversation, delta: Delta): Conversation {
  const it = { ...before, ...changed(before, delta) };
  const waits = it.status === "open" && !it.assignee;
  const { since, position, missedCall } = it.waiting ?? { since: delta.at, position: delta.position, missedCall: false };
  it.waiting = waits ? { since, position, missedCall: missedCall || missesCall(delta) } : null;
  it.unread = it.unreadMessages.length > 0;
  it.position = delta.position;
  if (delta.type !== "conversation.read" && delta.type !== "customer.updated") it.updatedAt = delta.at;
  if (movesUp(delta)) it.activity = delta.position;
  return it;
}

/** Whether a change says that a customer has called in vain. */
export function missesCall(delta: Delta): boolean {
  if (delta.type === "call.ended") return delta.data.reason === "missed";
  return delta.type === "conversation.unassigned" && delta.data.reason.kind === "callMissed";
}

/** Whether a change brings its conversation to the top of the inbox. */
export function movesUp({ type }: Delta): boolean {
  switch (type) {
    case "conversation.opened":
    case "conversation.assigned":
    case "conversation.unassigned":
    case "conversation.resolved":
    case "conversation.reopened":
    case "message.posted":
    case "note.added":
    case "call.started":
      return true;
    default:
      return false;
  }
}

/** The beginning of a text, as a list shows it. */
export function beginning(text: string): string {
  return Array.from(text.slice(0, 2 * SHOWN)).slice(0, SHOWN).join("");
}

function changed(it: Conversation, delta: Delta): Partial<Conversation> {
  switch (delta.type) {
    case "message.posted":
      return said(it, delta.data.message);
    case "conversation.assigned":
      return { assignee: delta.data.assignee };
    case "conversation.unassigned":
      return { assignee: null };
    case "conversation.read":
      return read(it, delta.data);
    case "conversation.tagged":
      return { tags: delta.data.tags };
    case "conversation.prioritized":
      return { priority: delta.data.priority };
    case "conversation.snoozed":
      return { status: "snoozed", snoozedUntil: delta.data.until };
    case "conversation.resolved":
      return {
        status: "resolved",
        resolved: { by: delta.data.by, at: delta.at },
        assignee: null,
        snoozedUntil: null,
      };
    case "conversation.reopened":
      return {
        status: "open",
        assignee: delta.data.assignee ?? null,
        snoozedUntil: null,
        resolved: null,
        rating: null,
      };
    case "conversation.rated":
      return { rating: { score: delta.data.score, comment: delta.data.comment ?? null, at: delta.at } };
    case "call.started":
      return { call: delta.data.call };
    case "call.rang":
    case "call.answered":
    case "call.joined":
    case "call.declined":
    case "call.left":
    case "call.escalated":
      return it.call ? { call: called(it.call, delta) } : {};
    case "call.ended":
      return { call: null, lastCall: it.call ? ended(it.call, delta) : (it.lastCall ?? null) };
    case "conversation.customerChanged":
      return { customer: delta.data.customer };
    case "customer.updated":
      return { customer: profiled(it.customer, delta.data.changes as ProfileChanges) };
    default:
      // Notes move it up and change nothing; a newer server may tell of what this page doesn't show.
      return {};
  }
}

function said(it: Conversation, message: Message): Partial<Conversation> {
  const { author, position, createdAt } = message;
  // A file without words goes by its name.
  const text = beginning(message.text || (message.file?.name ?? ""));
  const marks = { ...it.marks };
  let unreadMessages = it.unreadMessages;
  if (author.kind === "customer") {
    marks.customerMessage = position;
    if (position > marks.readByAgents) unreadMessages = [...unreadMessages, position].slice(-UNREAD);
  } else if (author.kind === "agent") {
    marks.agentMessage = position;
    unreadMessages = [];
  }
  return { marks, unreadMessages, lastMessage: { author, text, createdAt, position } };
}

function read(it: Conversation, { reader, upTo }: DeltaOf<"conversation.read">["data"]): Partial<Conversation> {
  const mark = reader === "agent" ? "readByAgents" : "readByCustomer";
  const marks = { ...it.marks, [mark]: Math.max(it.marks[mark], upTo) };
  return { marks, unreadMessages: it.unreadMessages.filter((position) => position > marks.readByAgents) };
}

type ProfileChanges = Partial<Pick<Customer, "name" | "email" | "phone">> & { metadata?: Record<string, unknown> };

/** A `null` clears a field; metadata are merged key by key, a `null` removes a key. */
function profiled(customer: Customer, { metadata, ...rest }: ProfileChanges): Customer {
  if (!metadata) return { ...customer, ...rest };
  const merged = Object.entries({ ...customer.metadata, ...metadata }).filter(([, value]) => value !== null);
  return { ...customer, ...rest, metadata: Object.fromEntries(merged) as NonNullable<Customer["metadata"]> };
}
