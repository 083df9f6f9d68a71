/** What was said, and what is on its way. */
import { Fragment } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { day } from "../../i18n";
import type { Chat } from "../chat";
import { Down } from "./icons";
import { type Line, lines } from "./lines";
import { Bubble } from "./Bubble";
import { lazily } from "./lazily";
import { useSpeech } from "./speech";

/** Nearer to the end than this, the page follows what is said, in pixels. */
const NEAR = 80;

const Dots = lazily(() => import("./Dots").then((it) => it.Dots));

export function Log({ chat }: { chat: Chat }) {
  const speech = useSpeech();
  const { locale, words } = speech;
  const box = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const height = useRef(0);
  const [behind, setBehind] = useState(false);
  const all = lines(chat, speech);
  const typist = chat.typist.value;
  const first = all[0]?.key;
  const last = all.at(-1);
  const lastFirst = useRef(first);

  const toEnd = () => {
    const it = box.current;
    if (it) it.scrollTop = it.scrollHeight;
    setBehind(false);
  };
  useLayoutEffect(() => {
    const it = box.current;
    if (!it) return;
    if (first !== lastFirst.current) {
      // Earlier messages came in above: what is being read stays where it is.
      if (!following.current) it.scrollTop += it.scrollHeight - height.current;
      lastFirst.current = first;
    }
    height.current = it.scrollHeight;
    if (following.current || last?.mine) toEnd();
    else setBehind(true);
  }, [all.length, first, last?.key]);
  useLayoutEffect(() => {
    if (following.current) toEnd();
  }, [typist, last?.state]);
  useLayoutEffect(() => {
    // The keyboard of a phone takes its room from the log.
    const watch = new ResizeObserver(() => following.current && toEnd());
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  const onScroll = () => {
    const it = box.current!;
    following.current = it.scrollHeight - it.scrollTop - it.clientHeight < NEAR;
    if (following.current) setBehind(false);
  };

  return (
    <div class="talk">
      <div class="log" role="log" aria-label={words.conversation} tabIndex={0} ref={box} onScroll={onScroll}>
        {chat.hasEarlier.value && <EarlierButton chat={chat} />}
        {all.map((line, at) => (
          <Fragment key={line.key}>
            {startsDay(line, all[at - 1]) && <h2 class="day">{day(locale, line.at!)}</h2>}
            <Bubble line={line} before={all[at - 1]} after={all[at + 1]} chat={chat} />
          </Fragment>
        ))}
        {typist !== null && <Dots />}
      </div>
      <p class="unseen" role="status">
        {typist !== null && words.typing(typist)}
      </p>
      {behind && (
        <button type="button" class="latest" onClick={toEnd}>
          <Down />
          {words.latest}
        </button>
      )}
    </div>
  );
}

function EarlierButton({ chat }: { chat: Chat }) {
  const { words } = useSpeech();
  const [loading, setLoading] = useState(false);
  const load = async () => {
    setLoading(true);
    await chat.loadEarlier().catch(() => undefined);
    setLoading(false);
  };
  return (
    <button type="button" class="earlier" disabled={loading} onClick={load}>
      {words.earlier}
    </button>
  );
}

function startsDay(line: Line, before: Line | undefined): boolean {
  if (!line.at) return false;
  return !before?.at || new Date(before.at).toDateString() !== new Date(line.at).toDateString();
}
