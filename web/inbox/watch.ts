/** Tells the others what this agent looks at, has read and types; all of it is true only now. */
import { effect, signal } from "@preact/signals";
import type { Inbox } from "./inbox";

/** Looking is told again this often while it lasts; the server forgets it a little later. */
const VIEWING_AGAIN = 20_000;
/** Typing is told again at most this often while it lasts, and ended after so long without a key. */
const TYPING_AGAIN = 3_000;
const TYPING_ENDS = 4_000;

export type Watch = ReturnType<typeof createWatch>;

export function createWatch(inbox: Inbox) {
  const { knowledge, place } = inbox;
  const looking = signal(!document.hidden);
  /** Whether the end of the open conversation is on the screen. */
  const atEnd = signal(true);
  let viewingTimer = 0;
  let read = "";

  function tellViewing(conversationId: string | null): void {
    clearInterval(viewingTimer);
    const tell = () => knowledge.send({ type: "viewing", conversationId });
    tell();
    if (conversationId) viewingTimer = window.setInterval(tell, VIEWING_AGAIN);
  }

  effect(() => {
    if (knowledge.live.value) tellViewing(looking.value ? place.openId.value : null);
  });
  effect(() => {
    const it = inbox.current.value;
    const upTo = it?.unreadMessages.at(-1);
    if (!it || !upTo || !knowledge.live.value || !looking.value || !atEnd.value) return;
    if (inbox.talk.value?.state !== "ready" || read === `${it.id} ${upTo}`) return;
    read = `${it.id} ${upTo}`;
    knowledge.send({ type: "read", conversationId: it.id, upTo });
  });
  document.addEventListener("visibilitychange", () => (looking.value = !document.hidden));

  let told = 0;
  let typingIn: string | null = null;
  let typingTimer = 0;

  /** The agent types a reply, or has stopped. */
  function typing(conversationId: string, on: boolean): void {
    clearTimeout(typingTimer);
    if (typingIn && (!on || typingIn !== conversationId)) {
      knowledge.send({ type: "typing", conversationId: typingIn, typing: false });
      typingIn = null;
      told = 0;
    }
    if (!on) return;
    typingTimer = window.setTimeout(typing, TYPING_ENDS, conversationId, false);
    if (Date.now() - told < TYPING_AGAIN) return;
    [told, typingIn] = [Date.now(), conversationId];
    knowledge.send({ type: "typing", conversationId, typing: true });
  }

  return { atEnd, typing };
}
