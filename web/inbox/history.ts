/** What happened to a conversation beside what was said, for the lines between its messages. */
import { ask } from "../api/client";
import type { Kind } from "../calls/types";
import { DESK } from "./knowledge";
import type { Delta, Page, Position, Recorded } from "./types";

/** Something that happened, with as much of it as a line says. */
export interface Happening {
  position: Position;
  at: string;
  change: Extract<Delta, { type: HappeningType }> extends infer D
    ? D extends { type: infer T; data: infer P }
      ? { type: T; data: P }
      : never
    : never;
}

const TYPES = [
  "conversation.opened",
  "conversation.assigned",
  "conversation.unassigned",
  "conversation.resolved",
  "conversation.reopened",
  "conversation.snoozed",
  "conversation.tagged",
  "conversation.prioritized",
  "conversation.rated",
  "call.started",
  "call.answered",
  "call.declined",
  "call.escalated",
  "call.ended",
] as const;

export type HappeningType = (typeof TYPES)[number];

/** The event's name in the business's history, by the delta's. */
const RECORDED: Record<string, HappeningType> = {
  ConversationOpened: "conversation.opened",
  ConversationAssigned: "conversation.assigned",
  ConversationUnassigned: "conversation.unassigned",
  ConversationResolved: "conversation.resolved",
  ConversationReopened: "conversation.reopened",
  ConversationSnoozed: "conversation.snoozed",
  ConversationTagged: "conversation.tagged",
  ConversationPrioritized: "conversation.prioritized",
  ConversationRated: "conversation.rated",
  CallStarted: "call.started",
  CallAnswered: "call.answered",
  CallDeclined: "call.declined",
  CallEscalated: "call.escalated",
  CallEnded: "call.ended",
};

/** What a delta tells of that has a line of its own. */
export function happening({ position, at, type, data }: Delta): Happening | null {
  if (!(TYPES as readonly string[]).includes(type)) return null;
  return { position, at, change: { type, data } as Happening["change"] };
}

/** The most pages of a conversation's history that are read at once. */
const PAGES = 5;

/** What the history tells of a conversation, back to a position. */
export async function recorded(conversation: string, from: Position): Promise<Happening[]> {
  const found: Happening[] = [];
  let cursor: string | null = "";
  for (let page = 0; cursor !== null && page < PAGES; page += 1) {
    const path: string = `${DESK}/conversations/${conversation}/events?limit=100${cursor && `&cursor=${cursor}`}`;
    const { data, nextCursor }: Page<Recorded> = await ask("GET", path, {});
    for (const { position, at, type, data: told } of data) {
      const known = RECORDED[type];
      if (known) found.push({ position, at, change: { type: known, data: likeDelta(type, told) } as unknown as Happening["change"] });
    }
    cursor = (data.at(-1)?.position ?? 0) > from ? nextCursor : null;
  }
  return found;
}

/** What the history tells in the form in which the feed tells it. */
function likeDelta(type: string, told: object): object {
  return type === "CallStarted" ? { call: { type: (told as { kind: Kind }).kind } } : told;
}
