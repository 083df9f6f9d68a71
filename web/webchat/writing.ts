/**
 * Takes what is written in the frame until the chat's script is here: shows it, and keeps it where the chat looks for what
 * an earlier visit has left. It is small and comes first, so that nobody waits for the rest before they can write.
 */
import "../chat/ui/early.css";
import { name } from "../chat/box";
import { frameKeep, type Keep } from "../chat/keep";
import { outgoing } from "../chat/outbox";

/** What it leaves to the chat. */
export type Early = typeof window & {
  openchat?: {
    /** The chat takes over, with what was kept. */
    done(): Keep;
  };
};

const kept = frameKeep(new URLSearchParams(location.search).get("key") ?? "");
const over = new AbortController();

function send(event: Event): void {
  event.preventDefault();
  const form = document.querySelector<HTMLFormElement>(".composer")!;
  const field = form.querySelector("textarea")!;
  const text = field.value.trim();
  if (!text) return;
  const one = outgoing(text);
  kept.set(name(one), JSON.stringify(one));
  field.value = "";
  const shown = document.createElement("article");
  shown.className = "mine opens closes";
  shown.innerHTML = '<div class="said"><p class="bubble" dir="auto"></p><p class="foot"></p></div>';
  shown.querySelector(".bubble")!.textContent = text;
  shown.querySelector(".foot")!.textContent = form.dataset.sending!;
  document.querySelector(".log")!.append(shown);
}

addEventListener("submit", send, over);
addEventListener(
  "keydown",
  (event) => {
    const writing = (event.target as Element).matches("textarea");
    if (writing && event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
  },
  over,
);
(window as Early).openchat = {
  done: () => {
    over.abort();
    return kept;
  },
};
