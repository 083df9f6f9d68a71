/** Who types: the customer tells the team, and hears of it. */
import { type Signal } from "@preact/signals";

/** Typing is told again at most this often while it lasts, and ended after so long without a key, in milliseconds. */
const AGAIN = 3_000;
const ENDS = 4_000;
/** Somebody's typing is over after this long even if nobody says so. */
const LASTS = 7_000;

export interface Typing {
  /** The customer types, or has stopped. */
  tell(typing: boolean): void;
  /** Somebody of the team types, or nobody does. */
  hear(name: string | null): void;
}

/** `send` tells it to the team; it answers whether there is anybody to tell. */
export function typing(typist: Signal<string | null>, send: (typing: boolean) => boolean): Typing {
  let told = 0;
  let ending = 0;
  let heard = 0;

  function tell(now: boolean): void {
    clearTimeout(ending);
    if (!now && !told) return;
    if (now) ending = window.setTimeout(tell, ENDS, false);
    if (now && Date.now() - told < AGAIN) return;
    told = send(now) && now ? Date.now() : 0;
  }

  return {
    tell,
    hear: (name) => {
      clearTimeout(heard);
      typist.value = name;
      if (name !== null) heard = window.setTimeout(() => (typist.value = null), LASTS);
    },
  };
}
