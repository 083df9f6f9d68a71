/** The parts of the inbox: what belongs to each, and how far down all of it is known. */
import type { Inbox } from "./fold";
import type { Conversation, Position } from "./types";

/** The parts that the server lists. */
export const VIEWS = ["mine", "unassigned", "all", "resolved"] as const;
export type View = (typeof VIEWS)[number];

/** Down to which activity everything of a view is known; nothing is above infinity. */
export type Reach = Record<View, Position>;

/** What a snapshot tells of the views. */
export function reached(inbox: Inbox): Reach {
  const { unresolvedFrom } = inbox;
  return { mine: unresolvedFrom, unassigned: unresolvedFrom, all: Infinity, resolved: Infinity };
}

/** The reach after another page, the last of which may be the end. */
export function extended(reach: Reach, view: View, page: readonly Conversation[], more: boolean): Reach {
  const down = more ? (page.at(-1)?.activity ?? 0) : 0;
  return { ...reach, [view]: Math.min(reach[view], down) };
}

export function belongs(view: View, it: Conversation, me: string): boolean {
  switch (view) {
    case "mine":
      return it.status !== "resolved" && it.assignee?.id === me;
    case "unassigned":
      return it.status !== "resolved" && !it.assignee;
    case "all":
      return true;
    case "resolved":
      return it.status === "resolved";
  }
}

/** A view as far as all of it is known, the latest activity first. */
export function listed(conversations: readonly Conversation[], view: View, me: string, reach: Reach): Conversation[] {
  return conversations.filter((it) => it.activity >= reach[view] && belongs(view, it, me));
}
