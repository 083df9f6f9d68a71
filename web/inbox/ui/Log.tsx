/** What was said in a conversation and what happened to it. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { day } from "../../i18n";
import type { Inbox } from "../inbox";
import { useSpeech } from "../speech";
import { timeline } from "../timeline";
import type { Conversation } from "../types";
import type { Watch } from "../watch";
import { nameOf } from "./Face";
import { HappeningLine } from "./HappeningLine";
import { Down } from "./icons";
import { SaidLine } from "./SaidLine";

/** Nearer to the end than this the page follows what is said; nearer to the beginning, it fetches more; in pixels. */
const NEAR = 80;
const EARLY = 240;

export function Log({ inbox, watch, it }: { inbox: Inbox; watch: Watch; it: Conversation }) {
  const { locale, words } = useSpeech();
  const talk = inbox.talk.value;
  const outgoing = inbox.outgoing.value;
  const [unreadFrom] = useState(() => inbox.find(it.id)?.unreadMessages[0] ?? null);
  const { entries = [], happenings = [], earlier = null, state } = talk ?? {};
  const items = useMemo(
    () => timeline({ entries, happenings, outgoing, whole: !earlier, unreadFrom, me: inbox.me }),
    [entries, happenings, outgoing, earlier, unreadFrom],
  );
  const first = entries[0]?.id;
  const last = items.at(-1);
  const mine = last?.kind === "said" && last.author.kind === "agent" && last.author.id === inbox.me.id;
  const types = inbox.presence.typing.value.get(it.id);
  const { box, behind, toEnd, stay, onScroll } = useFollowing(watch, first, last?.key, mine, Boolean(types));
  const [loading, setLoading] = useState(false);

  const load = async () => {
    if (loading || !earlier) return;
    setLoading(true);
    await inbox.talks.loadEarlier(it.id).catch(() => undefined);
    setLoading(false);
  };
  const near = () => {
    onScroll();
    if (box.current!.scrollTop < EARLY && state === "ready") void load();
  };
  const seen = items
    .filter((one) => one.kind === "said" && !one.note && (one.position ?? Infinity) <= it.marks.readByCustomer)
    .at(-1);

  return (
    <div class="talk">
      <div class="log" role="log" aria-label={words.conversation} aria-busy={state === "loading"} tabIndex={0} ref={box} onScroll={near} onLoadCapture={stay}>
        {earlier && (
          <button type="button" class="earlier" disabled={loading} onClick={() => void load()}>
            {loading ? words.loading : words.earlier}
          </button>
        )}
        {state === "loading" && <p class="waiting">{words.loading}</p>}
        {items.map((item) => {
          switch (item.kind) {
            case "day":
              return (
                <h3 class="day" key={item.key}>
                  <span>{day(locale, item.at)}</span>
                </h3>
              );
            case "unread":
              return (
                <p class="new" key={item.key}>
                  <span>{words.newHere}</span>
                </p>
              );
            case "happening":
              return <HappeningLine key={item.key} inbox={inbox} it={it} happening={item.happening} />;
            case "said":
              return <SaidLine key={item.key} inbox={inbox} it={it} said={item} seen={item === seen} />;
          }
        })}
        {types && (
          <p class="dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </p>
        )}
      </div>
      <p class="typing-line" role="status">
        {types && words.typingHere(types.map((who) => who.name ?? nameOf(it.customer, words.visitor)).join(", "))}
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

/** Keeps the end in sight while the reader is there, and what is read in its place when something comes in above. */
function useFollowing(watch: Watch, first: string | undefined, last: string | undefined, mine: boolean, types: boolean) {
  const box = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const height = useRef(0);
  const lastFirst = useRef(first);
  const [behind, setBehind] = useState(false);
  const toEnd = () => {
    const it = box.current;
    if (it) it.scrollTop = it.scrollHeight;
    following.current = true;
    watch.atEnd.value = true;
    setBehind(false);
  };
  /** A picture that has come, a keyboard that takes its room: whoever is at the end stays there. */
  const stay = () => {
    if (following.current) toEnd();
  };
  useLayoutEffect(() => {
    const it = box.current!;
    const grewAbove = lastFirst.current !== undefined && first !== lastFirst.current;
    lastFirst.current = first;
    if (grewAbove && !following.current) it.scrollTop += it.scrollHeight - height.current;
    height.current = it.scrollHeight;
  }, [first]);
  useLayoutEffect(() => {
    if (following.current || mine) toEnd();
    else setBehind(true);
    height.current = box.current!.scrollHeight;
  }, [last]);
  useLayoutEffect(() => {
    stay();
  }, [types]);
  useEffect(() => {
    const keep = new ResizeObserver(stay);
    keep.observe(box.current!);
    return () => keep.disconnect();
  }, []);
  const onScroll = () => {
    const it = box.current!;
    height.current = it.scrollHeight;
    following.current = it.scrollHeight - it.scrollTop - it.clientHeight < NEAR;
    watch.atEnd.value = following.current;
    if (following.current) setBehind(false);
  };
  return { box, behind, toEnd, stay, onScroll };
}
