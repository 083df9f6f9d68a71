/** Fetches the inbox's views and a search's finds page by page, each as far as somebody scrolls. */
import { batch, signal } from "@preact/signals";
import { ask } from "../api/client";
import { DESK, type Knowledge } from "./knowledge";
import type { Conversation, Page } from "./types";
import { extended, type Reach, reached, type View, VIEWS } from "./views";

const PAGE = 100;
/** How long to wait for the next letter of a search, in milliseconds. */
const LETTERS = 180;

/** How far the fetching of a list has come. */
export interface Progress {
  state: "idle" | "loading" | "failed";
  /** Where the next page begins; none at the end. */
  next: string | null;
  /** Whether anything was fetched yet. */
  begun: boolean;
}

const FRESH: Progress = { state: "idle", next: null, begun: false };
const UNKNOWN: Reach = { mine: Infinity, unassigned: Infinity, all: Infinity, resolved: Infinity };

export type Lists = ReturnType<typeof createLists>;

export function createLists(knowledge: () => Knowledge) {
  const reach = signal<Reach>(UNKNOWN);
  const progress = signal<Record<View, Progress>>(everywhere());
  const search = createSearch(knowledge);

  /** Begins again from what a snapshot tells. */
  function begin(): void {
    const inbox = knowledge().inbox.value;
    if (!inbox) return;
    reach.value = reached(inbox);
    progress.value = everywhere();
    if (search.query.value) search.look(search.query.value, 0);
    // What is unread on one's own desk is counted wherever one looks.
    void more("mine");
  }

  const done = (view: View) => reach.value[view] === 0;

  /** Fetches the next page of a view, unless all of it is known. */
  async function more(view: View): Promise<void> {
    const { state, next } = progress.value[view];
    if (done(view) || state === "loading" || !knowledge().inbox.value) return;
    const set = (to: Partial<Progress>) => {
      progress.value = { ...progress.value, [view]: { ...progress.value[view], ...to } };
    };
    set({ state: "loading" });
    try {
      let page: Page<Conversation> | undefined;
      const counts = await knowledge().learn(async () => (page = await fetchPage(view, "", next)).data);
      // A new snapshot has begun the view anew, and with it this page's turn.
      if (!counts || !page) return;
      const { data, nextCursor } = page;
      batch(() => {
        reach.value = extended(reach.value, view, data, nextCursor !== null);
        set({ state: "idle", next: nextCursor, begun: true });
      });
    } catch {
      set({ state: "failed" });
    }
  }

  return { reach, progress, begin, more, done, ...search };
}

/** What is searched for, and what is found. */
function createSearch(knowledge: () => Knowledge) {
  /** What the search has found, by id, the latest activity first. */
  const found = signal<readonly string[]>([]);
  const search = signal<Progress>(FRESH);
  const query = signal("");
  let timer = 0;
  let turn = 0;

  /** Searches for words, once no more letters come. */
  function look(words: string, after = LETTERS): void {
    clearTimeout(timer);
    turn += 1;
    query.value = words;
    if (!words.trim()) {
      found.value = [];
      search.value = FRESH;
      return;
    }
    search.value = { state: "loading", next: null, begun: false };
    timer = window.setTimeout(() => void findMore(turn, null), after);
  }

  async function findMore(mine: number, cursor: string | null): Promise<void> {
    search.value = { ...search.value, state: "loading" };
    try {
      let page: Page<Conversation> | undefined;
      await knowledge().learn(async () => (page = await fetchPage("all", query.value, cursor)).data);
      if (mine !== turn || !page) return;
      const ids = page.data.map((it) => it.id);
      batch(() => {
        found.value = cursor ? [...found.value, ...ids.filter((id) => !found.value.includes(id))] : ids;
        search.value = { state: "idle", next: page!.nextCursor, begun: true };
      });
    } catch {
      if (mine === turn) search.value = { ...search.value, state: "failed" };
    }
  }

  return {
    query,
    found,
    search,
    look,
    findMore: () => {
      const { state, next, begun } = search.value;
      if (!query.value.trim() || state === "loading" || (begun && !next)) return;
      void findMore(turn, next);
    },
  };
}

function fetchPage(view: View, q: string, cursor: string | null): Promise<Page<Conversation>> {
  const about = new URLSearchParams({ view, limit: String(PAGE) });
  if (q) about.set("q", q);
  if (cursor) about.set("cursor", cursor);
  return ask("GET", `${DESK}/inbox?${about}`, {});
}

function everywhere(): Record<View, Progress> {
  return Object.fromEntries(VIEWS.map((view) => [view, FRESH])) as Record<View, Progress>;
}
