/**
 * How a delta changes a customer's snapshot: the same fold as the server's (`CustomerSnapshot::fold`), so that both come
 * to the same view from the same deltas. It changes nothing in place.
 */
import type { Change, CustomerSnapshot, Delta, Message, OwnConversation } from "../api/types";
import { called, ended } from "../calls/fold";

/** The most messages that a snapshot shows. */
export const SHOWN = 50;

/** The snapshot after the delta. Deltas of a conversation that isn't shown change nothing. */
export function fold(before: CustomerSnapshot, delta: Delta): CustomerSnapshot {
  const { business, conversation, customer } = before;
  switch (delta.type) {
    case "conversation.opened":
      return delta.conversationId && (!conversation || delta.conversationId > conversation.id)
        ? { ...before, conversation: opened(delta.conversationId, delta) }
        : before;
    case "customer.updated":
      return { ...before, customer: { ...customer, ...delta.data.changes } };
    case "settings.changed": {
      const { color, logoUrl, ...others } = delta.data.changes;
      const branding = { ...business.branding };
      if (color !== undefined) branding.color = color;
      if (logoUrl !== undefined) branding.logoUrl = logoUrl;
      return { ...before, business: { ...business, ...others, branding } };
    }
    default:
      return conversation && conversation.id === delta.conversationId
        ? { ...before, conversation: { ...conversation, ...changed(conversation, delta) } }
        : before;
  }
}

function opened(id: string, { at, data }: Change<"conversation.opened">): OwnConversation {
  return {
    id,
    status: "open",
    ...data,
    assignee: null,
    messages: [],
    hasEarlier: false,
    marks: { customerMessage: 0, agentMessage: 0, readByCustomer: 0, readByAgents: 0 },
    call: null,
    lastCall: null,
    rating: null,
    createdAt: at,
  };
}

type OfConversation = Exclude<Delta, { type: "conversation.opened" | "customer.updated" | "settings.changed" }>;

function changed(it: OwnConversation, delta: OfConversation): Partial<OwnConversation> {
  switch (delta.type) {
    case "conversation.assigned":
      return delta.data;
    case "conversation.unassigned":
      return { assignee: null, ...delta.data };
    case "conversation.resolved":
      return { assignee: null, ...delta.data, status: "resolved", rating: null };
    case "conversation.reopened":
      return { ...delta.data, status: "open", rating: null };
    case "queue.changed":
      return delta.data;
    case "conversation.rated":
      return { rating: { ...delta.data, at: delta.at } };
    case "conversation.read": {
      const { reader, upTo } = delta.data;
      const mark = reader === "agent" ? "readByAgents" : "readByCustomer";
      return { marks: { ...it.marks, [mark]: Math.max(it.marks[mark], upTo) } };
    }
    case "message.posted":
      return shown(it, delta.data.message);
    case "call.started":
      return { call: delta.data.call };
    case "call.answered":
    case "call.joined":
    case "call.left":
    case "call.escalated":
      return it.call ? { call: called(it.call, delta) } : {};
    case "call.ended": {
      const { call, lastCall = null } = it;
      return { call: null, lastCall: call ? ended(call, delta) : lastCall, queuePosition: delta.data.queuePosition ?? null };
    }
    default:
      // A newer server tells of something that this page doesn't show.
      return {};
  }
}

function shown(it: OwnConversation, message: Message): Partial<OwnConversation> {
  const said = { customer: "customerMessage", agent: "agentMessage", system: null }[message.author.kind];
  const marks = said ? { ...it.marks, [said]: message.position } : it.marks;
  const messages = [...it.messages, message];
  return messages.length > SHOWN ? { marks, messages: messages.slice(1), hasEarlier: true } : { marks, messages };
}
