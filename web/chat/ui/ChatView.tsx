/** The whole chat: who is there, what was said, what can be written. */
import type { ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Speech } from "../../i18n";
import { wear } from "../brand";
import type { Chat } from "../chat";
import { attachAll, Composer } from "./Composer";
import { Connection } from "./Connection";
import { Calling, Header } from "./Header";
import { lazily } from "./lazily";
import { Log } from "./Log";
import { Speaking } from "./speech";

const Outcome = lazily(() => import("./Outcome").then((it) => it.Outcome));
export const Trouble = lazily(() => import("./Trouble").then((it) => it.Trouble));

interface Props {
  chat: Chat;
  speech: ReadonlySignal<Speech>;
  /** Closes the chat, where there is something behind it. */
  onClose?: (() => void) | undefined;
}

export function ChatView({ chat, speech, onClose }: Props) {
  const color = chat.business.value?.branding.color;
  useEffect(() => {
    if (color) wear(color);
  }, [color]);
  const page = useRef<HTMLElement>(null);
  const watching = chat.watching.value;
  const trouble = chat.trouble.value;
  useEffect(() => {
    // Who writes already goes on.
    if (!watching || page.current?.contains(document.activeElement)) return;
    // On a phone the keyboard would cover what is to be read first.
    const fine = matchMedia("(pointer: fine)").matches;
    (fine ? page.current?.querySelector("textarea") : page.current)?.focus({ preventScroll: true });
  }, [watching]);
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    attachAll(chat, event.dataTransfer?.files);
  };
  return (
    <Speaking.Provider value={speech.value}>
      {trouble ? (
        <Trouble trouble={trouble} onClose={onClose} />
      ) : (
        <main class="chat" ref={page} tabIndex={-1} onDragOver={(event) => event.preventDefault()} onDrop={onDrop}>
          <Header chat={chat} onClose={onClose} />
          <Connection chat={chat} />
          {chat.calls.value && <Calling chat={chat} />}
          <Log chat={chat} />
          {chat.conversation.value?.status === "resolved" && <Outcome chat={chat} />}
          <Composer chat={chat} />
        </main>
      )}
    </Speaking.Provider>
  );
}
