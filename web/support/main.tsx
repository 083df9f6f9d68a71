/** The page that a handoff's link opens. */
import "../chat/ui/chat.css";
import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { ApiError } from "../api/client";
import { type Chat, createChat, type Trouble as Cause } from "../chat/chat";
import { linkDoor } from "../chat/door";
import { keep } from "../chat/keep";
import { ChatView } from "../chat/ui/ChatView";
import { Speaking } from "../chat/ui/speech";
import { Trouble } from "../chat/ui/Trouble";
import { speak } from "../i18n";

const speech = await speak(new URLSearchParams(location.search).get("lang"));
const link = location.pathname.split("/").pop() ?? "";
const place = `openchat:link:${link.slice(0, 12)}:`;
const tab = keep(() => sessionStorage, place);
const chat = signal<Chat | null>(null);
const trouble = signal<Cause | null>(null);

async function enter(): Promise<void> {
  try {
    const door = await linkDoor(link, tab, keep(() => localStorage, place));
    const entered = createChat({ door, kept: tab, config: null });
    chat.value = entered;
    effect(() => {
      const { value: unread } = entered.unread;
      const name = entered.business.value?.name ?? speech.words.support;
      document.title = unread > 0 ? `(${unread}) ${name}` : name;
    });
  } catch (error) {
    const { code, message } = error instanceof ApiError ? error : new ApiError(0, "unreachable", "");
    trouble.value = { code, message };
  }
}

function Page() {
  if (trouble.value) {
    return (
      <Speaking.Provider value={speech}>
        <Trouble trouble={trouble.value} />
      </Speaking.Provider>
    );
  }
  return chat.value && <ChatView chat={chat.value} speech={speech} />;
}

render(<Page />, document.querySelector("#app")!);
await enter();
