/** What happened to a conversation beside what was said, for the lines between its messages. */
import { ask } from "../api/client";
import type { Delta, Page, Position } from "./types";

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
  CallEnded: "call.ended",
};

/** What a delta tells of that has a line of its own. */
export function happening({ position, at, type, data }: Delta): Happening | null {
  if (!(TYPES as readonly string[]).includes(type)) return null;
  return { position, at, change: { type, data } as Happening["change"] };
}

interface Recorded {
  position: Position;
  at: string;
  type: string;
  data: object;
}

/** The latest of what the business's history tells of a conversation; only managers may read it. */
export async function recorded(conversation: string): Promise<Happening[]> {
  const path = `/api/business/audit?about=${conversation}&limit=100`;
  const { data: entries } = await ask<Page<Recorded>>("GET", path, {});
  return entries.flatMap(({ position, at, type, data }) => {
    const known = RECORDED[type];
    return known ? [{ position, at, change: { type: known, data } as unknown as Happening["change"] }] : [];
  });
}
