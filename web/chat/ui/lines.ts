/** What the log shows, line by line: greeting, transcript, and what is on its way. */
import { type Speech, soon } from "../../i18n";
import type { FileRef } from "../../api/types";
import type { Chat } from "../chat";
import type { Attached, Outgoing } from "../outbox";

export interface Line {
  key: string;
  mine: boolean;
  /** Who says it; nobody, when OpenChat does. */
  author: string | null;
  text: string;
  file: FileRef | Attached | null;
  /** When; the greeting is there at all times. */
  at: string | null;
  /** How far a message of our own has come. */
  state: Outgoing["state"] | "seen" | null;
  /** The message that is on its way. */
  outgoing?: Outgoing;
}

/** Messages of one author that come within this time stand together, in milliseconds. */
const TOGETHER = 5 * 60_000;

export function lines(chat: Chat, speech: Speech): Line[] {
  const readByAgents = chat.conversation.value?.marks.readByAgents ?? 0;
  const said = chat.messages.value.map((message): Line => {
    const mine = message.author.kind === "customer";
    return {
      key: message.clientMessageId ?? message.id,
      mine,
      author: message.author.kind === "agent" ? message.author.name : null,
      text: message.text,
      file: message.file ?? null,
      at: message.createdAt,
      state: mine ? (message.position <= readByAgents ? "seen" : "sent") : null,
    };
  });
  const outgoing = chat.outbox.value.map(
    (it): Line => ({
      key: it.clientMessageId,
      mine: true,
      author: null,
      text: it.text,
      file: it.file ?? null,
      at: it.createdAt,
      state: it.state,
      outgoing: it,
    }),
  );
  const happened = chat.happened.value;
  const told = [...said, ...happened];
  if (happened.length) told.sort((a, b) => a.at!.localeCompare(b.at!));
  return [...greeting(chat, speech), ...told, ...outgoing];
}

/** Whether two lines are said in one breath. */
export function together(one: Line | undefined, other: Line | undefined): boolean {
  if (!one?.at || !other?.at) return false;
  const [a, b] = [new Date(one.at), new Date(other.at)];
  const same = one.mine === other.mine && one.author === other.author;
  return same && a.toDateString() === b.toDateString() && Math.abs(b.getTime() - a.getTime()) < TOGETHER;
}

/** What the business says first: that nobody is there, and until when, or that it is there to help. */
function greeting(chat: Chat, { words, locale }: Speech): Line[] {
  const business = chat.business.value;
  if (!business || chat.hasEarlier.value) return [];
  const line = { mine: false, author: business.name, file: null, at: null, state: null };
  if (!chat.away.value) return [{ ...line, key: "greeting", text: business.welcomeMessage ?? words.welcome }];
  const opensAt = chat.availability.value?.opensAt;
  const text = business.awayMessage ?? words.away;
  return [{ ...line, key: "greeting", text: opensAt ? `${text}\n${words.back(soon(locale, opensAt))}` : text }];
}
