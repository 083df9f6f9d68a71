/** The canned replies that fit what is typed after a slash. */
import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";
import { number } from "../../i18n";
import type { Inbox } from "../inbox";
import { useSpeech } from "../speech";
import type { Conversation, Reply } from "../types";
import { asked, filled } from "../variables";

/** The most that are shown at once. */
const SHOWN = 8;

export type Choosing = ReturnType<typeof useCanned>;

export function useCanned(
  inbox: Inbox,
  it: Conversation,
  box: RefObject<HTMLTextAreaElement | null>,
  text: string,
  write: (text: string) => void,
) {
  const [caret, setCaret] = useState(0);
  const [at, setAt] = useState(0);
  const [closed, setClosed] = useState(true);
  const question = closed ? null : asked(text, caret);
  const found = question ? fitting(inbox.inbox.value?.replies ?? [], question.letters) : [];
  const open = question !== null && (found.length > 0 || question.letters === "");

  useEffect(() => setAt(0), [question?.letters]);
  useEffect(() => {
    const now = box.current!.selectionStart;
    setCaret(now);
    if (text[now - 1] === "/") setClosed(false);
  }, [text]);

  const choose = (reply: Reply) => {
    if (!question) return;
    const business = inbox.inbox.value?.business.name ?? "";
    const words = filled(reply.text, { customer: it.customer, agent: inbox.me.name, business });
    const end = question.from + words.length;
    write(text.slice(0, question.from) + words + text.slice(caret));
    setClosed(true);
    requestAnimationFrame(() => {
      box.current?.focus();
      box.current?.setSelectionRange(end, end);
    });
  };

  return {
    open,
    found,
    at,
    active: open && found[at] ? `canned-${found[at].shortcut}` : undefined,
    choose,
    close: () => setClosed(true),
    onMove: () => setCaret(box.current!.selectionStart),
    /** Types the slash for whoever uses the button. */
    start: () => {
      const here = box.current!.selectionStart;
      const before = text.slice(0, here);
      const slash = before && !/\s$/.test(before) ? " /" : "/";
      write(before + slash + text.slice(here));
      setClosed(false);
      requestAnimationFrame(() => {
        box.current?.focus();
        box.current?.setSelectionRange(here + slash.length, here + slash.length);
        setCaret(here + slash.length);
      });
    },
    /** Answers whether the key was for the list. */
    onKeyDown: (event: KeyboardEvent): boolean => {
      if (!open) return false;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) setAt((at + step + found.length) % Math.max(1, found.length));
      else if (event.key === "Escape") setClosed(true);
      else if ((event.key === "Enter" || event.key === "Tab") && found[at]) choose(found[at]);
      else return false;
      event.preventDefault();
      event.stopPropagation();
      return true;
    },
  };
}

export function Canned({ canned }: { canned: Choosing }) {
  const { words, locale } = useSpeech();
  return (
    <>
      <p class="unseen" role="status">
        {canned.open && words.cannedCount(number(locale, canned.found.length))}
      </p>
      {canned.open && canned.found.length === 0 && <p class="canned none">{words.noCanned}</p>}
      {canned.open && canned.found.length > 0 && (
        <ul class="canned" role="listbox" id="canned" aria-label={words.canned}>
          {canned.found.map((reply, index) => (
            <li
              key={reply.shortcut}
              id={`canned-${reply.shortcut}`}
              role="option"
              aria-selected={index === canned.at}
              // The field keeps the focus.
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => canned.choose(reply)}
            >
              <b>/{reply.shortcut}</b>
              <span dir="auto">{reply.text}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Those whose shortcut begins so first, then those that have the letters anywhere. */
function fitting(replies: readonly Reply[], letters: string): Reply[] {
  const begins = replies.filter((it) => it.shortcut.startsWith(letters));
  const has = replies.filter(
    (it) => !it.shortcut.startsWith(letters) && (it.shortcut.includes(letters) || it.text.toLowerCase().includes(letters)),
  );
  return [...begins, ...has].slice(0, SHOWN);
}
