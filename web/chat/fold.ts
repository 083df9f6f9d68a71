/**
 * How a delta changes a customer's snapshot: the same fold as the server's (`CustomerSnapshot::fold`), so that both come
 * to the same view from the same deltas. It changes nothing in place.
 */
import type { Change, CustomerSnapshot, Delta, Message, OwnConversation } from "../api/types";

/** The most messages that a snapshot shows. */
export const SHOWN = 50;

/** The snapshot after the delta. Deltas of a conversation that isn't shown change nothing. */
export function fold(before: CustomerSnapshot, delta: Delta): CustomerSnapshot {
  const { business, conversation, customer } = before;
  switch (delta.type) {
    case "conversation.opened":
      return delta.conversationId && (!conversation || delta.conversationId > conversation.id)
        ? { ...before, conversation: opened(delta.conversationId, delta.at, delta.data) }
        : before;
    case "customer.updated":
      return { ...before, customer: { ...customer, ...delta.data.changes } };
    case "settings.changed": {
      const { color, logoUrl, ...messages } = delta.data.changes;
      const branding = { ...business.branding };
      if (color !== undefined) branding.color = color;
      if (logoUrl !== undefined) branding.logoUrl = logoUrl;
      return { ...before, business: { ...business, ...messages, branding } };
    }
    default:
      return conversation && conversation.id === delta.conversationId
        ? { ...before, conversation: { ...conversation, ...changed(conversation, delta) } }
        : before;
  }
}

function opened(
  id: string,
  createdAt: string,
  data: Extract<Change, { type: "conversation.opened" }>["data"],
): OwnConversation {
  return {
    id,
    status: "open",
    ...data,
    assignee: null,
    messages: [],
    hasEarlier: false,
    readUpTo: { customer: 0, agents: 0 },
    call: null,
    rating: null,
    createdAt,
  };
}

type OfConversation = Exclude<Change, { type: "conversation.opened" | "customer.updated" | "settings.changed" }>;

function changed(it: OwnConversation, change: OfConversation): Partial<OwnConversation> {
  switch (change.type) {
    case "conversation.assigned":
      return change.data;
    case "conversation.unassigned":
      return { assignee: null, ...change.data };
    case "conversation.resolved":
      return { assignee: null, ...change.data, status: "resolved", rating: null };
    case "conversation.reopened":
      return { ...change.data, status: "open", rating: null };
    case "queue.changed":
      return change.data;
    case "conversation.rated":
      return { rating: change.data };
    case "conversation.read": {
      const side = change.data.reader === "agent" ? "agents" : "customer";
      return { readUpTo: { ...it.readUpTo, [side]: Math.max(it.readUpTo[side], change.data.upTo) } };
    }
    case "message.posted":
      return shown(it, change.data.message);
    case "call.started": {
      const { callId, kind, by, startedAt } = change.data;
      return { call: { id: callId, kind, startedAt, participants: [by] } };
    }
    case "call.joined": {
      if (!it.call) return {};
      const { by } = change.data;
      const there = it.call.participants.some((who) => JSON.stringify(who) === JSON.stringify(by));
      return there ? {} : { call: { ...it.call, participants: [...it.call.participants, by] } };
    }
    case "call.ended":
      return { call: null };
    default:
      // A newer server tells of something that this page doesn't show.
      return {};
  }
}

function shown(it: OwnConversation, message: Message): Partial<OwnConversation> {
  const messages = [...it.messages, message];
  return messages.length > SHOWN ? { messages: messages.slice(1), hasEarlier: true } : { messages };
}
