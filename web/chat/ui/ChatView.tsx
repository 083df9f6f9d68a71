/** The whole chat: who is there, what was said, what can be written. */
import { useEffect, useRef } from "preact/hooks";
import type { Speech } from "../../i18n";
import { wear } from "../brand";
import type { Chat } from "../chat";
import { Composer } from "./Composer";
import { Connection } from "./Connection";
import { Header } from "./Header";
import { Log } from "./Log";
import { Outcome } from "./Outcome";
import { Speaking } from "./speech";
import { Trouble } from "./Trouble";

interface Props {
  chat: Chat;
  speech: Speech;
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
    if (!watching) return;
    // On a phone the keyboard would cover what is to be read first.
    const fine = matchMedia("(pointer: fine)").matches;
    (fine ? page.current?.querySelector("textarea") : page.current)?.focus({ preventScroll: true });
  }, [watching]);
  return (
    <Speaking.Provider value={speech}>
      {trouble ? (
        <Trouble trouble={trouble} onClose={onClose} />
      ) : (
        <main class="chat" ref={page} tabIndex={-1}>
          <Header chat={chat} onClose={onClose} />
          <Connection chat={chat} />
          <Log chat={chat} />
          <Outcome chat={chat} />
          <Composer chat={chat} />
        </main>
      )}
    </Speaking.Provider>
  );
}

