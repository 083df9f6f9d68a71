/** The list of conversations: only the rows that are seen are drawn, however many there are. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { number } from "../../i18n";
import type { Inbox } from "../inbox";
import type { Progress } from "../lists";
import { ago, useSpeech } from "../speech";
import type { Conversation } from "../types";
import { nearEnd, scrollFor, seen } from "../virtual";
import { Close, Search } from "./icons";
import { Row } from "./Row";
import { useNow } from "./now";

/** A row's height in the reader's own letter size. */
const ROW_REM = 4.75;
const LETTER = parseFloat(getComputedStyle(document.documentElement).fontSize);
export const ROW = Math.round(ROW_REM * LETTER);

export function List({ inbox }: { inbox: Inbox }) {
  const { words } = useSpeech();
  const shown = inbox.place.shown.value;
  return (
    <section class="list-column" aria-label={words.list}>
      <header>
        <h2>{words.views[shown]}</h2>
        <SearchField inbox={inbox} />
      </header>
      {shown === "queue" && <QueueBar inbox={inbox} />}
      {shown === "mine" && inbox.self.value && inbox.availability.value === "offline" && <Offline inbox={inbox} />}
      <Rows inbox={inbox} key={shown} />
    </section>
  );
}

function SearchField({ inbox }: { inbox: Inbox }) {
  const { words } = useSpeech();
  const field = useRef<HTMLInputElement>(null);
  const { lists, place } = inbox;
  const searching = place.shown.value === "search";
  useLayoutEffect(() => {
    if (searching) field.current?.focus();
  }, [searching]);
  const leave = () => {
    inbox.show("mine");
    inbox.rowFocus.value = true;
  };
  return (
    <search class="search">
      <Search />
      <input
        ref={field}
        type="search"
        dir={lists.query.value ? "auto" : undefined}
        aria-label={words.searchLabel}
        placeholder={searching ? words.searchHint : words.searchLabel}
        value={lists.query.value}
        onInput={(event) => {
          if (!searching) inbox.show("search");
          lists.look(event.currentTarget.value);
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") leave();
          if (event.key !== "ArrowDown" && event.key !== "Enter") return;
          event.preventDefault();
          const first = inbox.rows.value[0];
          if (first) place.row.value = typeof first === "string" ? first : first.id;
          inbox.rowFocus.value = true;
        }}
      />
      {searching && (
        <button type="button" class="tool" aria-label={words.close} onClick={leave}>
          <Close />
        </button>
      )}
    </search>
  );
}

function QueueBar({ inbox }: { inbox: Inbox }) {
  const { words, locale } = useSpeech();
  const now = useNow();
  const { queue = [], agents = [] } = inbox.inbox.value ?? {};
  const online = agents.filter((it) => it.availability === "online").length;
  const longest = queue.reduce((first, it) => (it.waitingSince < first ? it.waitingSince : first), "9");
  return (
    <div class="bar">
      <p>
        {queue.length > 0 && (
          <span>{words.queueSummary(number(locale, queue.length), ago(locale, longest, now))}</span>
        )}
        <span>{words.queueOnline(number(locale, online))}</span>
      </p>
      <button type="button" class="primary" disabled={!queue.length} onClick={inbox.takeNext}>
        {words.takeNext}
      </button>
    </div>
  );
}

function Offline({ inbox }: { inbox: Inbox }) {
  const { words } = useSpeech();
  return (
    <div class="bar">
      <p>{words.offlineHint}</p>
      <button type="button" onClick={() => void inbox.setAvailability("online")}>
        {words.goOnline}
      </button>
    </div>
  );
}

function Rows({ inbox }: { inbox: Inbox }) {
  const { words, dir } = useSpeech();
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  const now = useNow();
  const rows = inbox.rows.value;
  const ids = useRef<string[]>([]);
  const { row, openId, shown } = inbox.place;
  const progress = progressOf(inbox);
  const drawn = seen(rows.length, ROW, view.top, view.height);
  const current = row.value ? rows.findIndex((it) => idOf(it) === row.value) : -1;

  const onScroll = () => {
    const { scrollTop: top, clientHeight: height } = box.current!;
    const [before, after] = [seen(rows.length, ROW, view.top, view.height), seen(rows.length, ROW, top, height)];
    if (before.first !== after.first || before.last !== after.last) setView({ top, height });
  };
  useLayoutEffect(() => {
    const watch = new ResizeObserver(() => {
      const { scrollTop: top, clientHeight: height } = box.current!;
      setView({ top, height });
    });
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  useLayoutEffect(() => {
    // What is being read stays where it is when something comes in above.
    const it = box.current!;
    const shift = shifted(ids.current, rows, Math.floor(it.scrollTop / ROW));
    if (shift && it.scrollTop > 0) it.scrollTop += shift * ROW;
    ids.current = rows.map(idOf);
  }, [rows]);
  useEffect(() => {
    if (progress.state !== "failed" && nearEnd(rows.length, ROW, view.top, view.height)) fetchMore(inbox);
  });
  const wanted = inbox.rowFocus.value;
  useLayoutEffect(() => {
    if (!wanted || progress.state === "loading") return;
    inbox.rowFocus.value = false;
    if (!rows.length) return;
    const it = box.current!;
    const id = idOf(rows[Math.max(0, current)]!);
    row.value = id;
    it.scrollTop = scrollFor(Math.max(0, current), ROW, it.scrollTop, it.clientHeight);
    it.querySelector<HTMLElement>(`[data-id="${id}"] a`)?.focus({ preventScroll: true });
  }, [wanted, rows, progress.state]);

  const visible = Array.from({ length: drawn.last - drawn.first }, (_, at) => drawn.first + at);
  // The current row keeps the focus even when it is scrolled away.
  if (current >= 0 && !visible.includes(current)) visible.push(current);
  return (
    <div class="rows" ref={box} onScroll={onScroll} aria-busy={progress.state === "loading"}>
      <ul role="list" style={{ height: `${rows.length * ROW}px` }}>
        {visible.map((at) => {
          const known = rows[at]!;
          const it = typeof known === "string" ? inbox.find(known) : known;
          if (!it) inbox.knowledge.want(idOf(known));
          return (
            <li
              key={idOf(known)}
              data-id={idOf(known)}
              aria-setsize={progress.next === null ? rows.length : -1}
              aria-posinset={at + 1}
              style={{ height: `${ROW}px`, transform: `translateY(${at * ROW}px)` }}
            >
              {it && (
                <Row
                  inbox={inbox}
                  it={it}
                  now={now}
                  place={shown.value === "queue" ? at + 1 : null}
                  current={current === at || (current < 0 && at === 0)}
                  open={openId.value === it.id}
                />
              )}
            </li>
          );
        })}
      </ul>
      <Foot inbox={inbox} progress={progress} empty={rows.length === 0} />
      <span class="unseen" dir={dir} role="status">
        {progress.state === "loading" && words.loading}
      </span>
    </div>
  );
}

/** What stands below the rows, or in their place. */
function Foot({ inbox, progress, empty }: { inbox: Inbox; progress: Progress; empty: boolean }) {
  const { words } = useSpeech();
  const shown = inbox.place.shown.value;
  if (progress.state === "failed") {
    return (
      <div class="nothing">
        <p>{words.failedList}</p>
        <button type="button" onClick={() => fetchMore(inbox)}>
          {words.again}
        </button>
      </div>
    );
  }
  if (progress.state === "loading" || !inbox.inbox.value) {
    return <Skeleton rows={empty ? 6 : 1} />;
  }
  if (!empty || (shown === "search" && !inbox.lists.query.value.trim())) return null;
  return (
    <div class="nothing">
      <h3>{words.empty[shown]}</h3>
      <p>{words.emptyHint[shown]}</p>
    </div>
  );
}

function Skeleton({ rows }: { rows: number }) {
  return (
    <div class="skeleton" aria-hidden="true">
      {Array.from({ length: rows }, (_, at) => (
        <div key={at} style={{ height: `${ROW}px` }}>
          <i />
          <b />
        </div>
      ))}
    </div>
  );
}

const ALL_THERE: Progress = { state: "idle", next: null, begun: true };

function progressOf({ place, lists }: Inbox): Progress {
  const shown = place.shown.value;
  if (shown === "search") return lists.search.value;
  return shown === "queue" ? ALL_THERE : lists.progress.value[shown];
}

function fetchMore({ place, lists }: Inbox): void {
  const shown = place.shown.value;
  if (shown === "search") lists.findMore();
  else if (shown !== "queue") void lists.more(shown);
}

function idOf(it: Conversation | string): string {
  return typeof it === "string" ? it : it.id;
}

/** By how many rows what was seen has moved; a row that moved by itself, to the top, doesn't count. */
function shifted(before: readonly string[], rows: readonly (Conversation | string)[], first: number): number {
  const moves = [first, first + 1, first + 2].flatMap((at) => {
    const id = before[at];
    const now = id === undefined ? -1 : rows.findIndex((it) => idOf(it) === id);
    return now < 0 ? [] : [now - at];
  });
  return moves.sort((a, b) => Math.abs(a) - Math.abs(b))[0] ?? 0;
}
