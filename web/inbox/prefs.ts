/** What an agent has chosen for this browser. */
import { effect, signal } from "@preact/signals";
import type { Keep } from "../chat/keep";

export interface Choices {
  /** A sound when something wants attention. */
  sound: boolean;
  /** The system's notifications, while the inbox isn't looked at. */
  desktop: boolean;
  /** Single keys as shortcuts. */
  keys: boolean;
  /** The customer's panel beside the conversation, where there is room. */
  panel: boolean;
}

const USUAL: Choices = { sound: false, desktop: false, keys: true, panel: true };

export function createPrefs(kept: Keep) {
  const choices = signal<Choices>(restored(kept.get("choices")));
  effect(() => kept.set("choices", JSON.stringify(choices.value)));
  return {
    choices,
    choose: (to: Partial<Choices>) => {
      choices.value = { ...choices.value, ...to };
    },
  };
}

function restored(text: string | null): Choices {
  try {
    return { ...USUAL, ...(JSON.parse(text ?? "{}") as Partial<Choices>) };
  } catch {
    return USUAL;
  }
}
