/** Who looks at which conversation, and who types in it: true only now, so that each ends by itself. */
import { signal } from "@preact/signals";
import type { Frame } from "./types";

/** Longer than this nobody types, or looks, without saying so again; the server ends both a little earlier. */
const TYPING = 7_000;
const VIEWING = 32_000;

export interface Person {
  id: string;
  /** A customer has none here: the conversation knows it. */
  name: string | null;
}

/** Who is where, by conversation. */
export type Places = ReadonlyMap<string, readonly Person[]>;

/** A map of who is where that forgets whoever isn't renewed. */
export function gathering(lasts: number) {
  const places = signal<Places>(new Map());
  const timers = new Map<string, ReturnType<typeof setTimeout>>();

  function set(conversation: string, person: Person, there: boolean): void {
    const key = `${conversation} ${person.id}`;
    clearTimeout(timers.get(key));
    timers.delete(key);
    if (there) timers.set(key, setTimeout(set, lasts, conversation, person, false));
    const before = places.value.get(conversation) ?? [];
    if (there === before.some((it) => it.id === person.id)) return;
    const after = there ? [...before, person] : before.filter((it) => it.id !== person.id);
    const all = new Map(places.value);
    if (after.length) all.set(conversation, after);
    else all.delete(conversation);
    places.value = all;
  }

  function clear(): void {
    timers.forEach(clearTimeout);
    timers.clear();
    if (places.value.size) places.value = new Map();
  }

  return { places, set, clear };
}

/** What the frames about now tell of others than oneself. */
export function createPresence(me: string) {
  const typing = gathering(TYPING);
  const viewing = gathering(VIEWING);
  return {
    typing: typing.places,
    viewing: viewing.places,
    onFrame: (frame: Frame) => {
      if (frame.type === "typing" && frame.who.id !== me) {
        const name = frame.who.kind === "agent" ? frame.who.name : null;
        typing.set(frame.conversationId, { id: frame.who.id, name }, frame.typing);
      } else if (frame.type === "viewing" && frame.agent.id !== me) {
        viewing.set(frame.conversationId, frame.agent, frame.viewing);
      }
    },
    /** Without a connection nothing is known of others. */
    clear: () => {
      typing.clear();
      viewing.clear();
    },
  };
}
