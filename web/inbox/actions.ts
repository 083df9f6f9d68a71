/** Does what a shortcut, the palette or a button asks for. */
import type { Dialog, Inbox } from "./inbox";
import type { Action } from "./keys";
import type { Conversation } from "./types";

/** The actions that need a conversation to act on. */
const ON_CONVERSATION: ReadonlySet<Action> = new Set<Action>([
  "reply",
  "note",
  "resolve",
  "resolveNext",
  "assign",
  "claim",
  "snooze",
  "tag",
  "priority",
  "audioCall",
  "videoCall",
]);

const DIALOGS: Partial<Record<Action, Dialog>> = {
  assign: "assign",
  snooze: "snooze",
  tag: "tags",
  priority: "priority",
  palette: "palette",
  help: "help",
  settings: "settings",
};

/** Whether an action makes sense now. */
export function possible(inbox: Inbox, action: Action): boolean {
  const it = inbox.subject.value;
  if (action === "snooze") return it !== null && it.status !== "resolved";
  if (action === "assign" || action === "claim") return it !== null && it.status !== "resolved";
  if (action === "audioCall" || action === "videoCall") return it !== null && mayCall(inbox, it);
  if (action === "answer" || action === "decline") return inbox.calls.ringing.value.length > 0;
  if (action === "mute") return inbox.calls.part.room.value !== null;
  if (action === "hangUp") return inbox.calls.part.stage.value !== "none";
  if (action === "takeNext") return (inbox.inbox.value?.queue.length ?? 0) > 0;
  return it !== null || !ON_CONVERSATION.has(action);
}

export function perform(inbox: Inbox, action: Action): void {
  if (!possible(inbox, action)) return;
  const dialog = DIALOGS[action];
  if (dialog) inbox.dialog.value = dialog;
  else if (ON_CONVERSATION.has(action)) act(inbox, action, inbox.subject.value!);
  else move(inbox, action);
}

function act(inbox: Inbox, action: Action, it: Conversation): void {
  switch (action) {
    case "reply":
    case "note":
      inbox.open(it.id);
      inbox.writing.value = action;
      break;
    case "resolve":
      settle(inbox, it);
      break;
    case "resolveNext": {
      const next = neighbour(inbox, it.id, 1);
      if (it.status !== "resolved") settle(inbox, it);
      inbox.open(next);
      break;
    }
    case "audioCall":
    case "videoCall":
      inbox.calls.start(it, action === "audioCall" ? "audio" : "video");
      break;
    case "claim":
      if (it.assignee?.id !== inbox.me.id) inbox.change(it, { kind: "assign", to: inbox.me });
      break;
  }
}

/** Whether the customer can be called now. */
export function mayCall(inbox: Inbox, it: Conversation): boolean {
  return (inbox.inbox.value?.calls ?? false) && it.status !== "resolved" && !it.call && inbox.calls.part.stage.value === "none";
}

/** Resolves what is open; opens what is resolved or rests. */
export function settle(inbox: Inbox, it: Conversation): void {
  if (it.status === "resolved") inbox.change(it, { kind: "reopen", by: inbox.me });
  else inbox.change(it, { kind: "resolve", by: inbox.me, at: new Date().toISOString() });
}

function move(inbox: Inbox, action: Action): void {
  const { row, openId } = inbox.place;
  switch (action) {
    case "next":
    case "previous":
      row.value = neighbour(inbox, row.value, action === "next" ? 1 : -1) ?? row.value;
      inbox.rowFocus.value = true;
      break;
    case "open":
      if (row.value) inbox.open(row.value);
      break;
    case "openNext":
    case "openPrevious": {
      const id = neighbour(inbox, openId.value ?? row.value, action === "openNext" ? 1 : -1);
      if (id) inbox.open(id);
      break;
    }
    case "back":
      if (inbox.panel.value && matchMedia("(max-width: 1199px)").matches) {
        inbox.panel.value = false;
        break;
      }
      inbox.open(null);
      inbox.rowFocus.value = true;
      break;
    case "answer":
      inbox.calls.join(inbox.calls.ringing.value[0]!);
      break;
    case "decline":
      inbox.calls.decline(inbox.calls.ringing.value[0]!);
      break;
    case "mute": {
      const { part } = inbox.calls;
      const muted = part.room.value?.people.value.find((it) => it.me)?.muted ?? false;
      void part.send("microphone", muted);
      break;
    }
    case "hangUp":
      inbox.calls.part.leave();
      break;
    case "takeNext":
      inbox.takeNext();
      break;
    case "details":
      inbox.panel.value = !inbox.panel.value;
      break;
    case "online":
    case "away":
    case "offline":
      void inbox.setAvailability(action);
      break;
    case "mine":
    case "unassigned":
    case "all":
    case "resolved":
    case "queue":
    case "search":
      inbox.show(action);
      if (action !== "search") inbox.rowFocus.value = true;
  }
}

/** The row beside another in the list; the first one when the other isn't in it. */
function neighbour(inbox: Inbox, id: string | null, step: 1 | -1): string | null {
  const ids = inbox.rows.value.map((it) => (typeof it === "string" ? it : it.id));
  const at = id ? ids.indexOf(id) : -1;
  if (at < 0) return ids[0] ?? null;
  return ids[at + step] ?? null;
}
