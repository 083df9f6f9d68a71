/** The agent's calls: those that ring, the one that this page is in, and what is done about them. */
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { ApiError, ask } from "../api/client";
import { createPart } from "../calls/part";
import { createRing } from "../calls/ring";
import type { Call, Kind, Pass } from "../calls/types";
import type { Keep } from "../chat/keep";
import { DESK } from "./knowledge";
import { notify } from "./notify";
import type { createPrefs } from "./prefs";
import type { Toasts } from "./toasts";
import type { Availability, Conversation, Delta } from "./types";
import { nameOf } from "./ui/Face";
import type { Words } from "./words/en";

interface About {
  me: string;
  conversations: ReadonlySignal<readonly Conversation[]>;
  availability: ReadonlySignal<Availability>;
  prefs: ReturnType<typeof createPrefs>;
  tab: Keep;
  toasts: Toasts;
  words: Words;
  open(conversation: string): void;
}

/** A conversation with its call. */
export type Calling = Conversation & { call: Call };

export type Calls = ReturnType<typeof createCalls>;

export function createCalls({ me, conversations, availability, prefs, tab, toasts, words, open }: About) {
  const inCall = computed(() => conversations.value.filter((it): it is Calling => Boolean(it.call)));
  const part = createPart({
    base: DESK,
    headers: () => ({}),
    known: (id) => inCall.value.find((it) => it.call.id === id)?.call ?? null,
    tab,
  });
  /** The conversation whose call this page is in. */
  const at = signal<string | null>(null);
  const here = computed(() => conversations.value.find((it) => it.id === at.value) ?? null);
  const others = computed(() => inCall.value.filter(({ call }) => !part.left.value.has(call.id) && call.id !== part.id.value));

  /** What rings at this agent, until it is taken or declined, here or anywhere. */
  const ringing = computed(() => others.value.filter(({ call }) => rings(call, me, availability.value)));
  /** A call that this agent is in, but not by this page. */
  const elsewhere = computed(
    () => others.value.find(({ call }) => isIn(call, me) && part.stage.value === "none" && !part.wasIn(call.id)) ?? null,
  );

  function into(it: { id: string }): void {
    if (part.id.value) part.leave();
    at.value = it.id;
    open(it.id);
  }

  /** Calls the customer. */
  function start(it: Conversation, kind: Kind): void {
    into(it);
    void part.straight(kind, async () => {
      const path = `${DESK}/conversations/${it.id}/calls`;
      const { call, ...pass } = await ask<Pass & { call: Call }>("POST", path, {}, { type: kind });
      return { id: call.id, pass };
    });
  }

  /** Takes a call, joins one, or comes back to it. */
  function join(it: Calling): void {
    into(it);
    void part.straight(it.call.type, part.joining(it.call.id));
  }

  /** Lets it ring at a colleague, who may take it over. */
  async function invite(agent: { id: string; name: string }): Promise<void> {
    const call = part.id.value;
    if (!call) return;
    try {
      await part.invite(call, agent.id);
      toasts.show(words.calls.rangAt(agent.name));
    } catch (error) {
      const { code, message } = error as ApiError;
      toasts.show(words.notDone(words.refusals[code] ?? message), "wrong");
    }
  }

  const bell = createRing();
  const told = new Map<string, Notification | null>();
  effect(() => {
    const { sound, desktop } = prefs.choices.value;
    bell(sound && ringing.value.length > 0);
    const now = new Set(ringing.value.map(({ call }) => call.id));
    for (const [id, shown] of told) {
      if (now.has(id)) continue;
      shown?.close();
      told.delete(id);
    }
    for (const it of ringing.value) {
      if (told.has(it.call.id)) continue;
      const looking = !document.hidden && document.hasFocus();
      const title = words.calls.ringing(nameOf(it.customer, words.visitor));
      const shown = desktop && !looking ? notify(title, words.calls.kind[it.call.type], it.call.id, () => open(it.id)) : null;
      told.set(it.call.id, shown);
    }
  });
  effect(() => part.follow(here.value?.call ?? null));
  effect(() => {
    const mine = others.value.find(({ call }) => isIn(call, me) && part.wasIn(call.id));
    if (!mine || part.stage.value !== "none") return;
    at.value = mine.id;
    void part.straight(mine.call.type, part.joining(mine.call.id));
  });
  effect(() => {
    const it = part.outcome.value;
    if (!it) return;
    toasts.show(words.calls.over[it.why] ?? "", it.why === "mediaLost" ? "wrong" : "plain");
    part.dismiss();
  });

  return {
    part,
    here,
    ringing,
    elsewhere,
    start,
    join,
    invite,
    decline: (it: Calling) => void part.decline(it.call.id),
    onDelta: (delta: Delta) => part.hear(delta),
    /** Whether hanging up leaves colleagues in the call. */
    leaves: computed(() => here.value?.call?.joined.some((it) => it.kind === "agent" && it.id !== me) ?? false),
    /** Whether this page is in a conversation's call. */
    has: (it: Conversation) => Boolean(it.call) && it.call!.id === part.id.value,
  };
}

/** Whether a call rings at an agent: in particular, or at everybody who is there. */
export function rings(call: Call, me: string, availability: Availability): boolean {
  if (isIn(call, me)) return false;
  if (call.rings) return call.rings.id === me;
  return call.state === "ringing" && call.by.kind === "customer" && availability === "online";
}

function isIn({ joined }: Call, me: string): boolean {
  return joined.some((it) => it.kind === "agent" && it.id === me);
}
