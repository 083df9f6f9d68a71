/** Where the customer writes. */
import { useEffect, useRef, useState } from "preact/hooks";
import { number } from "../../i18n";
import type { Chat } from "../chat";
import { Clip, Send } from "./icons";
import { useSpeech } from "./speech";

/** The most characters that the server takes. */
const MOST = 16_384;

export function Composer({ chat }: { chat: Chat }) {
  const { locale, words } = useSpeech();
  const [text, setText] = useState(begun);
  const box = useRef<HTMLTextAreaElement>(null);
  const long = Array.from(text.trim()).length > MOST;

  useEffect(() => {
    const it = box.current!;
    it.style.height = "auto";
    it.style.height = `${it.scrollHeight}px`;
  }, [text]);

  const send = () => {
    box.current?.focus();
    if (!text.trim() || long) return;
    chat.say(text.trim());
    setText("");
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  const onInput = (event: InputEvent) => {
    const now = (event.currentTarget as HTMLTextAreaElement).value;
    setText(now);
    chat.tellTyping(now.trim() !== "");
  };
  const onPaste = (event: ClipboardEvent) => {
    if (attachAll(chat, event.clipboardData?.files)) event.preventDefault();
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {long && (
        <p class="wrong" role="alert" id="too-long">
          {words.tooLong(number(locale, MOST))}
        </p>
      )}
      <Attach chat={chat} />
      <textarea
        ref={box}
        rows={1}
        dir="auto"
        value={text}
        aria-label={words.write}
        aria-invalid={long}
        aria-describedby={long ? "too-long" : undefined}
        placeholder={words.write}
        enterkeyhint="send"
        autocomplete="off"
        onInput={onInput}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
      />
      <button type="submit" class="send" aria-label={words.send} aria-disabled={!text.trim() || long}>
        <Send />
      </button>
    </form>
  );
}

/** What was written before this script was here. */
function begun(): string {
  return document.querySelector<HTMLTextAreaElement>(".composer textarea")?.value ?? "";
}

function Attach({ chat }: { chat: Chat }) {
  const { words } = useSpeech();
  const input = useRef<HTMLInputElement>(null);
  const onChange = () => {
    attachAll(chat, input.current!.files);
    // The same file may be chosen again.
    input.current!.value = "";
  };
  return (
    <>
      <input ref={input} type="file" multiple hidden onChange={onChange} />
      <button type="button" class="attach" aria-label={words.attach} onClick={() => input.current!.click()}>
        <Clip />
      </button>
    </>
  );
}

/** Sends files; answers whether there were any. */
export function attachAll(chat: Chat, files: FileList | null | undefined): boolean {
  Array.from(files ?? []).forEach(chat.attach);
  return !!files?.length;
}
