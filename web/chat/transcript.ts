/** What the page shows of what was said: what the snapshot holds, and what was read before that. */
import type { CustomerSnapshot, Message } from "../api/types";

/** Messages that lie before the snapshot's, without a hole between, and whether there are yet earlier ones. */
export interface Earlier {
  conversationId: string;
  messages: Message[];
  more: boolean;
}

/** Everything that is known, the oldest first. */
export function transcript(snapshot: CustomerSnapshot | null, earlier: Earlier | null): Message[] {
  const conversation = snapshot?.conversation;
  if (!conversation) return [];
  const before = earlier?.conversationId === conversation.id ? earlier.messages : [];
  return [...before, ...conversation.messages];
}

/** What is known to lie before the next snapshot's messages, given what was known with the last one. */
export function carried(
  last: CustomerSnapshot | null,
  earlier: Earlier | null,
  next: CustomerSnapshot,
): Earlier | null {
  const conversation = next.conversation;
  if (!conversation) return null;
  const none = { conversationId: conversation.id, messages: [], more: conversation.hasEarlier };
  if (last?.conversation?.id !== conversation.id) return none;
  const known = transcript(last, earlier);
  const first = conversation.messages[0];
  const at = first ? known.findIndex((message) => message.id === first.id) : -1;
  // Without a message that both have, something may have been said between.
  if (at < 0) return none;
  const more = earlier?.conversationId === conversation.id ? earlier.more : last.conversation.hasEarlier;
  return { ...none, messages: known.slice(0, at), more: at > 0 ? more : conversation.hasEarlier };
}
