/** The keys that do something, and what; and which action a key that was pressed means. */

export type Action =
  | "next"
  | "previous"
  | "open"
  | "openNext"
  | "openPrevious"
  | "back"
  | "mine"
  | "unassigned"
  | "all"
  | "resolved"
  | "queue"
  | "search"
  | "reply"
  | "note"
  | "resolve"
  | "resolveNext"
  | "assign"
  | "claim"
  | "snooze"
  | "tag"
  | "priority"
  | "takeNext"
  | "answer"
  | "decline"
  | "audioCall"
  | "videoCall"
  | "mute"
  | "hangUp"
  | "details"
  | "palette"
  | "help"
  | "settings"
  | "online"
  | "away"
  | "offline";

export type Group = "move" | "act" | "write" | "call" | "general";

/** An action with its keys: each is one key, or two that are pressed one after the other. */
export interface Binding {
  action: Action;
  group: Group;
  keys: readonly string[];
}

export const BINDINGS: readonly Binding[] = [
  { action: "next", group: "move", keys: ["j", "ArrowDown"] },
  { action: "previous", group: "move", keys: ["k", "ArrowUp"] },
  { action: "open", group: "move", keys: ["Enter"] },
  { action: "openNext", group: "move", keys: ["]"] },
  { action: "openPrevious", group: "move", keys: ["["] },
  { action: "back", group: "move", keys: ["u", "Escape"] },
  { action: "mine", group: "move", keys: ["g m"] },
  { action: "unassigned", group: "move", keys: ["g u"] },
  { action: "all", group: "move", keys: ["g a"] },
  { action: "resolved", group: "move", keys: ["g r"] },
  { action: "queue", group: "move", keys: ["g q"] },
  { action: "search", group: "move", keys: ["/"] },
  { action: "resolve", group: "act", keys: ["e"] },
  { action: "resolveNext", group: "act", keys: ["E"] },
  { action: "assign", group: "act", keys: ["a"] },
  { action: "claim", group: "act", keys: ["c"] },
  { action: "snooze", group: "act", keys: ["s"] },
  { action: "tag", group: "act", keys: ["t"] },
  { action: "priority", group: "act", keys: ["p"] },
  { action: "takeNext", group: "act", keys: ["x"] },
  { action: "reply", group: "write", keys: ["r"] },
  { action: "note", group: "write", keys: ["n"] },
  { action: "answer", group: "call", keys: ["y"] },
  { action: "decline", group: "call", keys: ["d"] },
  { action: "audioCall", group: "call", keys: ["v a"] },
  { action: "videoCall", group: "call", keys: ["v v"] },
  { action: "mute", group: "call", keys: ["m"] },
  { action: "hangUp", group: "call", keys: ["h"] },
  { action: "details", group: "general", keys: ["i"] },
  { action: "palette", group: "general", keys: ["mod k"] },
  { action: "help", group: "general", keys: ["?"] },
  { action: "settings", group: "general", keys: [","] },
];

/** As much of a key press as matters. */
export interface Press {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** What a press means after an earlier one that began a sequence; `begun` is the sequence that it begins. */
export function meaning(press: Press, before: string | null): { action: Action | null; begun: string | null } {
  const key = letter(press);
  if (press.ctrlKey || press.metaKey) {
    return { action: key.toLowerCase() === "k" && !press.altKey ? "palette" : null, begun: null };
  }
  if (press.altKey) return { action: null, begun: null };
  const pressed = before ? `${before} ${key}` : key;
  const found = BINDINGS.find((it) => it.keys.includes(pressed));
  if (found) return { action: found.action, begun: null };
  const begins = BINDINGS.some((it) => it.keys.some((keys) => keys.startsWith(`${key} `)));
  return { action: null, begun: begins ? key : null };
}

/** The key; on a keyboard for other letters than these, the one that is in the same place. */
function letter({ key, code }: Press): string {
  const place = /^Key([A-Z])$/.exec(code)?.[1];
  return place && key.length === 1 && key > "\x7f" ? place.toLowerCase() : key;
}
