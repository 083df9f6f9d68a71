/** What each delta of a call does to the conversation's call: the same fold as the server's (`CallView`). */
import type { AgentRef, Author, Conversation } from "./types";

/** A call that is going on; how far it has come is told by servers that ring. */
export type Call = NonNullable<Conversation["call"]> & { state?: "ringing" | "answered"; rings?: AgentRef | null };

/** What happens to a call between its beginning and its end. */
export type CallChange =
  | { type: "call.rang"; data: { callId: string; agent: AgentRef | null } }
  | { type: "call.answered"; data: { callId: string; by: Author; at: string } }
  | { [K in Step]: { type: K; data: { callId: string; by: Author } } }[Step];

type Step = "call.joined" | "call.declined" | "call.left" | "call.escalated";

export function called(call: Call, change: CallChange): Call {
  switch (change.type) {
    case "call.rang":
      return { ...call, rings: change.data.agent };
    case "call.answered":
      return { ...call, state: "answered" };
    case "call.joined": {
      const { by } = change.data;
      return settled({ ...call, joined: [...without(call.joined, by), by] }, by);
    }
    case "call.declined":
      return settled(call, change.data.by);
    case "call.left":
      return { ...call, joined: without(call.joined, change.data.by) };
    case "call.escalated":
      return { ...call, type: "video" };
  }
}

/** At an agent who has answered or declined it rings no more. */
function settled(call: Call, by: Author): Call {
  return by.kind === "agent" && call.rings?.id === by.id ? { ...call, rings: null } : call;
}

/** Whoever is left without one, whatever that one was called at the time; a conversation has one customer. */
function without(all: readonly Author[], one: Author): Author[] {
  return all.filter((it) => it.kind !== one.kind || (it.kind === "agent" && one.kind === "agent" && it.id !== one.id));
}
