/** What the conversation view shows, item by item: what was said and noted, what happened, what is on its way. */
import type { Happening } from "./history";
import type { Outgoing } from "./outbox";
import type { Author, Entry, SharedFile } from "./types";

export type Item =
  | { kind: "day"; key: string; at: string }
  | { kind: "unread"; key: string }
  | { kind: "happening"; key: string; at: string; happening: Happening }
  | (Said & { kind: "said" });

/** Something that somebody said, with its place among its neighbours. */
export interface Said {
  key: string;
  at: string;
  author: Author;
  note: boolean;
  text: string;
  file: SharedFile | null;
  /** Whether it is the first and the last of what its author says in one breath. */
  opens: boolean;
  closes: boolean;
  position: number | null;
  /** The message that is on its way. */
  outgoing: Outgoing | null;
}

export interface Told {
  entries: readonly Entry[];
  happenings: readonly Happening[];
  outgoing: readonly Outgoing[];
  /** Whether the conversation's beginning is among the entries. */
  whole: boolean;
  /** Where what the team hadn't read began when the conversation was opened. */
  unreadFrom: number | null;
  me: { id: string; name: string };
}

/** What one author says within this time stands together, in milliseconds. */
const TOGETHER = 5 * 60_000;

export function timeline(told: Told): Item[] {
  const items: Item[] = [];
  let last: Exclude<Item, { kind: "day" | "unread" }> | null = null;
  for (const item of inOrder(told)) {
    if (!last || dayOf(last.at) !== dayOf(item.at)) {
      items.push({ kind: "day", key: `day ${dayOf(item.at)} ${item.key}`, at: item.at });
      last = null;
    }
    const { unreadFrom } = told;
    const fresh = item.kind === "said" && unreadFrom !== null && item.position === unreadFrom;
    if (fresh) items.push({ kind: "unread", key: "unread" });
    if (item.kind === "said" && last?.kind === "said" && !fresh && together(last, item)) {
      last.closes = false;
      item.opens = false;
    }
    items.push(item);
    last = item;
  }
  return items;
}

function inOrder({ entries, happenings, outgoing, whole, me }: Told) {
  const first = whole ? 0 : (entries[0]?.position ?? 0);
  const told = [
    ...entries.map((it) => ({ position: it.position, item: entry(it) })),
    ...happenings
      .filter((it) => it.position > first)
      .map((it) => ({
        position: it.position,
        item: { kind: "happening" as const, key: `at ${it.position}`, at: it.at, happening: it },
      })),
  ].sort((a, b) => a.position - b.position);
  return [...told.map((it) => it.item), ...outgoing.map((it) => sent(it, me))];
}

function entry(it: Entry): Said & { kind: "said" } {
  return {
    kind: "said",
    key: it.clientMessageId ?? it.id,
    at: it.createdAt,
    author: it.author,
    note: it.kind === "note",
    text: it.text,
    file: it.file ?? null,
    opens: true,
    closes: true,
    position: it.position,
    outgoing: null,
  };
}

function sent(it: Outgoing, me: Told["me"]): Said & { kind: "said" } {
  return {
    kind: "said",
    key: it.clientMessageId,
    at: it.createdAt,
    author: { kind: "agent", ...me },
    note: it.note,
    text: it.text,
    file: it.file,
    opens: true,
    closes: true,
    position: null,
    outgoing: it,
  };
}

function together(one: Said, other: Said): boolean {
  const who = (author: Author) => (author.kind === "system" ? "" : author.id);
  return (
    one.note === other.note &&
    one.author.kind === other.author.kind &&
    who(one.author) === who(other.author) &&
    Math.abs(Date.parse(other.at) - Date.parse(one.at)) < TOGETHER
  );
}

function dayOf(at: string): string {
  return new Date(at).toDateString();
}
