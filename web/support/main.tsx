/** The page that a handoff's link opens. */
import "../chat/ui/early.css";
import "../chat/ui/chat.css";
import "./support.css";
import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { ApiError } from "../api/client";
import type { ChatAnswer } from "../api/types";
import { type Chat, createChat, type Trouble as Cause } from "../chat/chat";
import { looked } from "../chat/door";
import { keep } from "../chat/keep";
import { linkDoor } from "../chat/link";
import type { About } from "../chat/state";
import { ChatView, Trouble } from "../chat/ui/ChatView";
import { Speaking } from "../chat/ui/speech";
import { speak } from "../i18n";

const asked = new URLSearchParams(location.search).get("lang");
const speech = signal(await speak(asked));
const link = location.pathname.split("/").pop() ?? "";
const place = `openchat:link:${link.slice(0, 12)}:`;
const tab = keep(() => sessionStorage, place);
const chat = signal<Chat | null>(null);
const trouble = signal<Cause | null>(null);

async function enter(): Promise<void> {
  try {
    const { door, answer } = await linkDoor(link, tab, keep(() => localStorage, place));
    const look = async () => known(await looked(door.session));
    await say(answer.business.language);
    chat.value = createChat({ door, kept: tab, look, about: known(answer) });
  } catch (error) {
    const { code, message } = error instanceof ApiError ? error : new ApiError(0, "unreachable", "");
    trouble.value = { code, message };
  }
}

function known({ business, availability, calls }: ChatAnswer): About {
  return { business, availability: availability ?? null, calls };
}

/** Speaks the business's language, unless the page's address asks for another. */
async function say(language: string | null | undefined): Promise<void> {
  if (language && !asked && language !== speech.peek().lang) speech.value = await speak(language);
}

effect(() => {
  const entered = chat.value;
  if (!entered) return;
  const name = entered.business.value?.name ?? speech.value.words.support;
  const unread = entered.unread.value;
  document.title = unread > 0 ? `(${unread}) ${name}` : name;
  void say(entered.business.value?.language);
});

function Page() {
  if (trouble.value) {
    return (
      <Speaking.Provider value={speech.value}>
        <Trouble trouble={trouble.value} />
      </Speaking.Provider>
    );
  }
  return chat.value && <ChatView chat={chat.value} speech={speech} />;
}

render(<Page />, document.querySelector("#app")!);
await enter();
