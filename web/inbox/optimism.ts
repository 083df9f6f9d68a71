/** What an agent has asked for and the server hasn't answered yet, laid over what is known; the known stays as it is. */
import { beginning } from "./conversation";
import type { AgentRef, Conversation, Priority } from "./types";

/** A change that is on its way. */
export type Change =
  | { kind: "assign"; to: AgentRef | null }
  | { kind: "resolve"; by: AgentRef; at: string }
  | { kind: "reopen"; by: AgentRef }
  | { kind: "snooze"; until: string }
  | { kind: "tags"; tags: readonly string[] }
  | { kind: "priority"; priority: Priority };

export interface Pending {
  conversationId: string;
  change: Change;
}

/** A message of the agent that is on its way. */
export interface Said {
  conversationId: string;
  by: AgentRef;
  text: string;
  at: string;
}

/** The conversation as it will be when all that is on its way has arrived. */
export function lay(it: Conversation, pending: readonly Pending[], said: readonly Said[] = []): Conversation {
  const changes = pending.filter((one) => one.conversationId === it.id);
  const spoken = said.filter((one) => one.conversationId === it.id);
  if (!changes.length && !spoken.length) return it;
  return changes.reduce((after, one) => laid(after, one.change), spoken.reduce(answered, it));
}

function laid(it: Conversation, change: Change): Conversation {
  switch (change.kind) {
    case "assign":
      return { ...it, assignee: change.to };
    case "resolve":
      return {
        ...it,
        status: "resolved",
        resolved: { by: change.by, at: change.at },
        assignee: null,
        snoozedUntil: null,
      };
    case "reopen":
      return { ...it, status: "open", assignee: change.by, snoozedUntil: null, resolved: null, rating: null };
    case "snooze":
      return { ...it, status: "snoozed", snoozedUntil: change.until };
    case "tags":
      return { ...it, tags: [...change.tags].sort() };
    case "priority":
      return { ...it, priority: change.priority };
  }
}

/** Who answers a conversation that waits has it from then on. */
function answered(it: Conversation, { by, text, at }: Said): Conversation {
  const waits = it.status === "open" && !it.assignee;
  const position = it.lastMessage?.position ?? it.position;
  return {
    ...it,
    assignee: waits ? by : (it.assignee ?? null),
    unread: false,
    unreadMessages: [],
    lastMessage: { author: { kind: "agent", ...by }, text: beginning(text), createdAt: at, position },
  };
}

/** Whether the conversation is already as the change would make it: then nothing is lost when the server refuses it. */
export function holds(it: Conversation, change: Change): boolean {
  switch (change.kind) {
    case "assign":
      return (it.assignee?.id ?? null) === (change.to?.id ?? null) && it.status !== "resolved";
    case "resolve":
      return it.status === "resolved";
    case "reopen":
      return it.status === "open" && it.assignee?.id === change.by.id;
    case "snooze":
      return it.status === "snoozed" && Date.parse(it.snoozedUntil ?? "") === Date.parse(change.until);
    case "tags":
      return it.tags.join("\n") === [...change.tags].sort().join("\n");
    case "priority":
      return it.priority === change.priority;
  }
}
