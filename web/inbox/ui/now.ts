/** The time, as exactly as lists tell it. */
import { signal } from "@preact/signals";

const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), 20_000);

/** The time; whoever asks is drawn again as it goes on. */
export function useNow(): number {
  return now.value;
}
