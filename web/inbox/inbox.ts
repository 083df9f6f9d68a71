/** One agent's inbox: what is known, what happens, what the agent does. The components only show it. */
import { batch, computed, effect, signal } from "@preact/signals";
import { ApiError, ask } from "../api/client";
import { keep } from "../chat/keep";
import { createAttention } from "./attention";
import { createCalls } from "./calls";
import { createCommands, type Refusal } from "./commands";
import { createKnowledge, DESK, type Knowledge } from "./knowledge";
import { createLists } from "./lists";
import { type Change, lay, type Said } from "./optimism";
import { createPlace, type Shown } from "./place";
import { createPrefs } from "./prefs";
import { createPresence } from "./presence";
import { createSender, undelivered } from "./sender";
import { moment, type Speech } from "./speech";
import { createTalks } from "./talks";
import { createToasts } from "./toasts";
import type { AgentRef, Availability, Conversation, Me } from "./types";
import { nameOf } from "./ui/Face";
import { listed, type View } from "./views";

/** What stands over the page. */
export type Dialog = "palette" | "help" | "settings" | "assign" | "snooze" | "snoozeUntil" | "tags" | "priority" | "invite";

export type Inbox = ReturnType<typeof createInbox>;

export function createInbox(who: Me & { agent: NonNullable<Me["agent"]> }, speech: Speech) {
  const { words } = speech;
  const me: AgentRef = { id: who.agent.id, name: who.agent.name };
  const kept = keep(() => localStorage, `openchat:inbox:${me.id}:`);
  const tab = keep(() => sessionStorage, `openchat:inbox:${me.id}:`);
  const place = createPlace();
  const prefs = createPrefs(kept);
  const toasts = createToasts();
  const presence = createPresence(me.id);
  const dialog = signal<Dialog | null>(null);
  const wished = signal<Availability | null>(null);
  /** That the agent wants to write, until the field has the focus. */
  const writing = signal<"reply" | "note" | null>(null);
  /** That the list's current row is to take the focus. */
  const rowFocus = signal(false);
  const panel = signal(prefs.choices.value.panel && matchMedia("(min-width: 1200px)").matches);

  // The parts know each other only through what is known, which the feed fills later.
  let made: Knowledge | null = null;
  const knowledge = () => made!;
  const lists = createLists(knowledge);
  const talks = createTalks(knowledge);
  const commands = createCommands(knowledge, onRefused);
  const sender = createSender(tab, talks.add);
  const attention = createAttention({ me: me.id, prefs, words, go: (id) => open(id) });
  made = createKnowledge({
    onBegun: () => {
      lists.begin();
      talks.doubt();
      if (place.openId.value) void talks.open(place.openId.value);
    },
    onDelta: (delta, before) => {
      talks.onDelta(delta);
      if (delta.type === "agent.availability" && delta.data.agentId === me.id) wished.value = null;
      calls.onDelta(delta);
      attention.onDelta(delta, before, place.openId.value);
    },
    onFrame: presence.onFrame,
    onLive: (live) => {
      if (!live) return presence.clear();
      commands.hurry();
      sender.hurry();
    },
  });
  const { inbox } = made;

  // --- What follows from what

  const said = computed<Said[]>(() =>
    sender.outbox.value
      .filter((it) => !it.note && it.state !== "refused")
      .map((it) => ({ conversationId: it.conversationId, by: me, text: it.text || (it.file?.name ?? ""), at: it.createdAt })),
  );
  /** Everything that is known, as it will be when all that is on its way has arrived. */
  const conversations = computed<readonly Conversation[]>(() => {
    const known = inbox.value?.conversations ?? [];
    const [pending, spoken] = [commands.pending.value, said.value];
    const touched = new Set([...pending, ...spoken].map((it) => it.conversationId));
    return touched.size ? known.map((it) => (touched.has(it.id) ? lay(it, pending, spoken) : it)) : known;
  });
  const find = (id: string) => conversations.value.find((it) => it.id === id) ?? null;
  const current = computed(() => (place.openId.value ? find(place.openId.value) : null));
  const talk = computed(() => (place.openId.value ? (talks.talks.value.get(place.openId.value) ?? null) : null));
  const view = (name: View) => computed(() => listed(conversations.value, name, me.id, lists.reach.value));
  const views = { mine: view("mine"), unassigned: view("unassigned"), all: view("all"), resolved: view("resolved") };
  /** The rows of the list: a conversation, or the id of one that isn't known yet. */
  const rows = computed<readonly (Conversation | string)[]>(() => {
    const shown = place.shown.value;
    if (shown === "queue") return (inbox.value?.queue ?? []).map((it) => it.conversationId);
    return shown === "search" ? lists.found.value : views[shown].value;
  });
  const unread = computed(() => views.mine.value.filter((it) => it.unread).length);
  const self = computed(() => inbox.value?.agents.find((it) => it.id === me.id) ?? null);
  const outgoing = computed(() => {
    const here = sender.outbox.value.filter((it) => it.conversationId === place.openId.value);
    return undelivered(here, talk.value?.entries ?? []);
  });

  const availability = computed(() => wished.value ?? self.value?.availability ?? "offline");
  const calls = createCalls({ me: me.id, conversations, availability, prefs, tab, toasts, words, open: (id) => open(id) });

  // --- What the agent does

  function onRefused({ error, now, change }: Refusal): void {
    const other = change.kind === "assign" && now?.assignee && now.assignee.id !== me.id ? now.assignee : null;
    const why = words.refusals[error.code] ?? error.message;
    toasts.show(other ? words.taken(other.name) : words.notDone(why), "wrong");
  }

  function show(shown: Shown): void {
    batch(() => {
      place.shown.value = shown;
      if (shown !== "search" && lists.query.value) lists.look("");
    });
  }

  function open(id: string | null): void {
    place.go(id);
  }

  /** The conversation that a command is about: the open one, else the list's current one. */
  const subject = computed(() => current.value ?? (place.row.value ? find(place.row.value) : null));

  function change(it: Conversation, wanted: Change): void {
    commands.run(it.id, wanted);
    if (wanted.kind !== "resolve") return;
    const undo = { label: words.undo, run: () => commands.run(it.id, { kind: "reopen", by: me }) };
    toasts.show(words.didResolve, "plain", undo);
  }

  function snooze(it: Conversation, until: Date): void {
    change(it, { kind: "snooze", until: until.toISOString() });
    toasts.show(words.didSnooze(moment(speech.locale, until.toISOString())));
  }

  async function setAvailability(availability: Availability): Promise<void> {
    wished.value = availability;
    try {
      await ask("PUT", `${DESK}/me/availability`, {}, { availability });
      if (self.value?.availability === availability) wished.value = null;
    } catch (error) {
      wished.value = null;
      const { code, message } = error as ApiError;
      toasts.show(words.notDone(words.refusals[code] ?? message), "wrong");
    }
  }

  function takeNext(): void {
    const next = inbox.value?.queue[0]?.conversationId;
    if (!next) return;
    commands.run(next, { kind: "assign", to: me });
    open(next);
  }

  effect(() => {
    if (place.openId.value && inbox.value) void talks.open(place.openId.value);
  });
  effect(() => {
    const caller = calls.ringing.value[0]?.customer;
    attention.count(unread.value, inbox.value?.business.name ?? "", caller ? nameOf(caller, words.visitor) : null);
  });
  sender.start();
  addEventListener("online", () => {
    knowledge().wake();
    commands.hurry();
    sender.hurry();
  });
  document.addEventListener("visibilitychange", () => document.hidden || knowledge().wake());

  return {
    who,
    me,
    kept,
    place,
    prefs,
    toasts,
    presence,
    lists,
    talks,
    sender,
    attention,
    dialog,
    writing,
    rowFocus,
    panel,
    inbox,
    knowledge: made,
    rows,
    views,
    unread,
    self,
    current,
    talk,
    outgoing,
    subject,
    find,
    show,
    open,
    change,
    snooze,
    takeNext,
    setAvailability,
    availability,
    calls,
  };
}
