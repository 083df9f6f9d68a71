/** What the log shows, line by line: greeting, transcript, and what is on its way. */
import type { Words } from "../../i18n/en";
import type { Chat } from "../chat";
import type { Outgoing } from "../outbox";

export interface Line {
  key: string;
  mine: boolean;
  /** Who says it; nobody, when OpenChat does. */
  author: string | null;
  text: string;
  /** When; the greeting is there at all times. */
  at: string | null;
  /** How far a message of our own has come. */
  state: Outgoing["state"] | "seen" | null;
  /** The message that is on its way. */
  outgoing?: Outgoing;
}

/** Messages of one author that come within this time stand together, in milliseconds. */
const TOGETHER = 5 * 60_000;

export function lines(chat: Chat, words: Words): Line[] {
  const said = chat.messages.value.map((message): Line => {
    const mine = message.author.kind === "customer";
    const seen = message.position <= (chat.conversation.value?.readUpTo.agents ?? 0);
    return {
      key: message.clientMessageId ?? message.id,
      mine,
      author: message.author.kind === "agent" ? message.author.name : null,
      text: message.text,
      at: message.createdAt,
      state: mine ? (seen ? "seen" : "sent") : null,
    };
  });
  const outgoing = chat.outbox.value.map(
    (it): Line => ({
      key: it.clientMessageId,
      mine: true,
      author: null,
      text: it.text,
      at: it.createdAt,
      state: it.state,
      outgoing: it,
    }),
  );
  return [...greeting(chat, words), ...said, ...outgoing];
}

/** Whether two lines are said in one breath. */
export function together(one: Line | undefined, other: Line | undefined): boolean {
  if (!one?.at || !other?.at) return false;
  const [a, b] = [new Date(one.at), new Date(other.at)];
  const same = one.mine === other.mine && one.author === other.author;
  return same && a.toDateString() === b.toDateString() && Math.abs(b.getTime() - a.getTime()) < TOGETHER;
}

/** What the business says first: that nobody is there, or that it is there to help. */
function greeting(chat: Chat, words: Words): Line[] {
  const business = chat.business.value;
  if (!business || chat.hasEarlier.value) return [];
  const text = chat.away.value ? (business.awayMessage ?? words.away) : (business.welcomeMessage ?? words.welcome);
  return [{ key: "greeting", mine: false, author: business.name, text, at: null, state: null }];
}
