/** The inbox's smaller parts: views, optimism, long lists, variables, snoozes, drafts, the timeline, keys. */
import { describe, expect, test } from "vitest";
import { keep } from "../chat/keep";
import { draftOf, EMPTY, keepDraft } from "./drafts";
import { begun } from "./fold";
import { ana, assigned, at, ben, conversation, delta, jane, message, opened, posted, snapshot } from "./given";
import { noticed } from "./attention";
import { happening } from "./history";
import { meaning, type Press } from "./keys";
import { type Change, holds, lay } from "./optimism";
import { type Outgoing, preserved, restored } from "./outbox";
import { undelivered } from "./sender";
import { presets } from "./snooze";
import { merged } from "./talks";
import { timeline } from "./timeline";
import type { Entry } from "./types";
import { asked, filled } from "./variables";
import { extended, listed, reached } from "./views";
import { en } from "./words/en";
import { nearEnd, scrollFor, seen } from "./virtual";

describe("views", () => {
  const mine = conversation("cnv_4", 4, { assignee: ana, waiting: null });
  const done = conversation("cnv_3", 3, { status: "resolved", waiting: null });
  const all = [mine, done, conversation("cnv_2", 2), conversation("cnv_1", 1, { assignee: ben, status: "snoozed" })];
  const ids = (view: Parameters<typeof listed>[1], from = 0) =>
    listed(all, view, ana.id, { mine: from, unassigned: from, all: from, resolved: from }).map((it) => it.id);

  test("hold what belongs to them", () => {
    expect(ids("mine")).toEqual(["cnv_4"]);
    expect(ids("unassigned")).toEqual(["cnv_2"]);
    expect(ids("resolved")).toEqual(["cnv_3"]);
    expect(ids("all")).toHaveLength(4);
  });

  test("show nothing from below what is known whole", () => {
    expect(ids("all", 3)).toEqual(["cnv_4", "cnv_3"]);
    expect(ids("all", Infinity)).toEqual([]);
  });

  test("reach further with every page, and to the end with the last", () => {
    const reach = reached(begun(snapshot([mine], { complete: false })));
    expect(reach).toEqual({ mine: 4, unassigned: 4, all: Infinity, resolved: Infinity });
    const further = extended(reach, "all", [mine, done], true);
    expect(further.all).toBe(3);
    expect(extended(further, "mine", [mine], true).mine).toBe(4);
    expect(extended(further, "all", [], false).all).toBe(0);
  });
});

describe("optimism", () => {
  const it = conversation("cnv_1", 1);
  const laid = (...changes: Change[]) => lay(it, changes.map((change) => ({ conversationId: it.id, change })));

  test("shows each change at once and leaves what is known alone", () => {
    expect(laid({ kind: "assign", to: ana }).assignee).toEqual(ana);
    expect(laid({ kind: "resolve", by: ana, at: at(5) })).toMatchObject({ status: "resolved", resolved: { by: ana } });
    expect(laid({ kind: "snooze", until: at(9) })).toMatchObject({ status: "snoozed", snoozedUntil: at(9) });
    expect(laid({ kind: "tags", tags: ["b", "a"] }).tags).toEqual(["a", "b"]);
    expect(laid({ kind: "priority", priority: "high" }).priority).toBe("high");
    expect(it).toEqual(conversation("cnv_1", 1));
  });

  test("lays one change over the other", () => {
    const back = laid({ kind: "resolve", by: ana, at: at(5) }, { kind: "reopen", by: ana });
    expect(back).toMatchObject({ status: "open", assignee: ana, resolved: null });
  });

  test("keeps to the conversation", () => {
    expect(lay(it, [{ conversationId: "cnv_2", change: { kind: "assign", to: ana } }])).toBe(it);
  });

  test("gives a waiting conversation to whoever answers it", () => {
    const said = [{ conversationId: it.id, by: ana, text: "Hi", at: at(2) }];
    expect(lay(it, [], said)).toMatchObject({ assignee: ana, unread: false, lastMessage: { text: "Hi" } });
    expect(lay({ ...it, assignee: ben }, [], said).assignee).toEqual(ben);
  });

  test("knows whether a refused change holds anyway", () => {
    expect(holds({ ...it, assignee: ben }, { kind: "assign", to: ana })).toBe(false);
    expect(holds({ ...it, assignee: ana }, { kind: "assign", to: ana })).toBe(true);
    expect(holds({ ...it, assignee: ana }, { kind: "reopen", by: ana })).toBe(true);
    expect(holds(it, { kind: "resolve", by: ana, at: at(1) })).toBe(false);
  });
});

describe("a list of 100,000", () => {
  const [COUNT, ROW, HEIGHT] = [100_000, 76, 900];

  test("draws what is seen and little more, wherever it is", () => {
    for (const scroll of [0, 1_000, 3_800_000, COUNT * ROW - HEIGHT]) {
      const { first, last } = seen(COUNT, ROW, scroll, HEIGHT);
      expect(first * ROW).toBeLessThanOrEqual(scroll);
      expect(last * ROW).toBeGreaterThanOrEqual(scroll + HEIGHT);
      expect(last - first).toBeLessThan(30);
      expect(first).toBeGreaterThanOrEqual(0);
      expect(last).toBeLessThanOrEqual(COUNT);
    }
    expect(seen(0, ROW, 0, HEIGHT)).toEqual({ first: 0, last: 0 });
    expect(seen(3, ROW, 9_999, HEIGHT)).toEqual({ first: 3, last: 3 });
  });

  test("scrolls no further than needed", () => {
    expect(scrollFor(0, ROW, 500, HEIGHT)).toBe(0);
    expect(scrollFor(50, ROW, 0, HEIGHT)).toBe(51 * ROW - HEIGHT);
    expect(scrollFor(5, ROW, 100, HEIGHT)).toBe(100);
  });

  test("is fetched before its end is seen", () => {
    expect(nearEnd(100, ROW, 0, HEIGHT)).toBe(false);
    expect(nearEnd(100, ROW, 5_500, HEIGHT)).toBe(true);
    expect(nearEnd(0, ROW, 0, HEIGHT)).toBe(true);
  });
});

describe("canned replies", () => {
  const known = { customer: jane, agent: "Ana", business: "Acme" };

  test("are filled with what is known", () => {
    const text = "Hi {{customer.name}}, {{ agent.name }} of {{business.name}} writes to {{customer.email}}.";
    expect(filled(text, known)).toBe("Hi Jane, Ana of Acme writes to jane@example.com.");
  });

  test("leave no trace of what isn't known, and what they don't know as it is", () => {
    expect(filled("Hi {{customer.name}}, welcome", { ...known, customer: { ...jane, name: null } })).toBe("Hi, welcome");
    expect(filled("{{order.id}} $& ok", known)).toBe("{{order.id}} $& ok");
  });

  test("are asked for by a slash that begins a word", () => {
    expect(asked("/th", 3)).toEqual({ from: 0, letters: "th" });
    expect(asked("Well /", 6)).toEqual({ from: 5, letters: "" });
    expect(asked("and/or", 6)).toBeNull();
    expect(asked("/th anks", 8)).toBeNull();
  });
});

describe("snoozes", () => {
  const names = (now: Date) => presets(now).map((it) => it.name);

  test("end in the future, each once, the nearest first", () => {
    for (const hour of [0, 8, 12, 17, 18, 23]) {
      for (let day = 1; day <= 7; day += 1) {
        const now = new Date(2026, 5, day, hour, 30);
        const times = presets(now).map((it) => it.until.getTime());
        expect(times.every((time) => time > now.getTime())).toBe(true);
        expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
      }
    }
  });

  test("leave out an evening that has begun, and a Monday that is tomorrow or in a week", () => {
    expect(names(new Date(2026, 5, 3, 10))).toEqual(["hour", "evening", "tomorrow", "monday", "week"]);
    expect(names(new Date(2026, 5, 3, 20))).not.toContain("evening");
    expect(names(new Date(2026, 5, 7, 10))).toEqual(["hour", "evening", "tomorrow", "week"]);
    expect(names(new Date(2026, 5, 1, 10))).toEqual(["hour", "evening", "tomorrow", "monday"]);
  });
});

describe("drafts", () => {
  const store = () => keep(() => { throw new Error("no store"); }, "test:");

  test("come back as they were left, and empty ones take no room", () => {
    const kept = store();
    const draft = { text: "Dear Jane", note: true, files: [{ id: "fil_1", name: "a.pdf", mediaType: "application/pdf", size: 9 }] };
    keepDraft(kept, "cnv_1", draft);
    expect(draftOf(kept, "cnv_1")).toEqual(draft);
    expect(draftOf(kept, "cnv_2")).toEqual(EMPTY);
    keepDraft(kept, "cnv_1", EMPTY);
    expect(kept.get("draft:cnv_1")).toBeNull();
  });

  test("that can't be read are none", () => {
    const kept = store();
    kept.set("draft:cnv_1", "{");
    expect(draftOf(kept, "cnv_1")).toEqual(EMPTY);
  });
});

function entry(position: number, by: "customer" | typeof ana, more: Partial<Entry> = {}): Entry {
  return { ...message(position, "cnv_1", by), kind: "message", ...more };
}

function outgoing(name: string, more: Partial<Outgoing> = {}): Outgoing {
  return {
    clientMessageId: name,
    conversationId: "cnv_1",
    text: "Hello",
    file: null,
    note: false,
    createdAt: at(20),
    state: "sending",
    ...more,
  };
}

describe("what is on its way", () => {
  test("is no more once the transcript has it", () => {
    const both = [outgoing("a"), outgoing("b")];
    expect(undelivered(both, [entry(6, ana, { clientMessageId: "a" })])).toEqual([both[1]]);
  });

  test("outlives a reload", () => {
    expect(restored(preserved([outgoing("a"), outgoing("b", { state: "refused" })]))).toEqual([
      outgoing("a", { state: "waiting" }),
    ]);
  });
});

describe("the timeline", () => {
  const told = { entries: [] as Entry[], happenings: [], outgoing: [], whole: true, unreadFrom: null, me: ana };

  test("puts what one says in one breath together", () => {
    const items = timeline({ ...told, entries: [entry(1, "customer"), entry(2, "customer"), entry(3, ana), entry(4, ana, { kind: "note" })] });
    const said = items.filter((it) => it.kind === "said").map((it) => [it.opens, it.closes]);
    expect(said).toEqual([[true, false], [false, true], [true, true], [true, true]]);
  });

  test("separates days, and marks where the unread begins", () => {
    const later = new Date(Date.parse(at(1)) + 3 * 86_400_000).toISOString();
    const items = timeline({ ...told, entries: [entry(1, "customer"), entry(2, "customer", { createdAt: later })], unreadFrom: 2 });
    expect(items.map((it) => it.kind)).toEqual(["day", "said", "day", "unread", "said"]);
  });

  test("tells what happened in its place, but nothing from before the earliest message", () => {
    const tagged = (position: number) => happening(delta(position, "conversation.tagged", "cnv_1", { tags: [], by: ana }))!;
    const entries = [entry(5, "customer"), entry(9, ana)];
    const items = timeline({ ...told, entries, happenings: [tagged(3), tagged(7)], whole: false });
    expect(items.map((it) => it.kind)).toEqual(["day", "said", "happening", "said"]);
    expect(timeline({ ...told, entries, happenings: [tagged(3)] }).map((it) => it.kind)).toEqual(["day", "happening", "said", "said"]);
  });

  test("ends with what is on its way, under the name that it keeps", () => {
    const items = timeline({ ...told, entries: [entry(1, ana, { clientMessageId: "a" })], outgoing: [outgoing("b")] });
    expect(items.slice(1).map((it) => it.key)).toEqual(["a", "b"]);
  });

  test("has every entry once, in order", () => {
    expect(merged([entry(1, ana), entry(3, ana)], [entry(2, ana), entry(3, ana)]).map((it) => it.position)).toEqual([1, 2, 3]);
  });
});

describe("what wants attention", () => {
  const mine = begun(snapshot([conversation("cnv_1", 1, { assignee: ana, waiting: null })]));
  const title = (delta: Parameters<typeof noticed>[0]) => noticed(delta, mine, ana.id, en)?.title ?? null;

  test("is what my customers write, whom I am given, and who newly waits", () => {
    expect(title(posted(5, "cnv_1", "customer"))).toBe("Jane wrote");
    expect(title(posted(5, "cnv_1", ana))).toBeNull();
    expect(title(posted(5, "cnv_2", "customer"))).toBeNull();
    expect(title(opened(5, "cnv_2"))).toBe("Jane waits for an agent");
    const given = (to: typeof ana, by: string) =>
      delta(5, "conversation.assigned", "cnv_1", { assignee: to, previous: null, reason: { kind: "given", by } });
    expect(title(given(ana, ben.id))).toBe("Jane was given to you");
    expect(title(given(ben, ana.id))).toBeNull();
    expect(title(assigned(5, "cnv_1"))).toBeNull();
  });
});

describe("keys", () => {
  const press = (key: string, more: Partial<Press> = {}): Press => ({
    key,
    code: "",
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    ...more,
  });

  test("mean actions, alone or one after the other", () => {
    expect(meaning(press("e"), null)).toEqual({ action: "resolve", begun: null });
    expect(meaning(press("g"), null)).toEqual({ action: null, begun: "g" });
    expect(meaning(press("m"), "g")).toEqual({ action: "mine", begun: null });
    expect(meaning(press("q"), null)).toEqual({ action: null, begun: null });
  });

  test("belong to the browser with a modifier, but for the palette", () => {
    expect(meaning(press("k", { metaKey: true }), null).action).toBe("palette");
    expect(meaning(press("k", { ctrlKey: true }), null).action).toBe("palette");
    expect(meaning(press("r", { ctrlKey: true }), null).action).toBeNull();
    expect(meaning(press("e", { altKey: true }), null).action).toBeNull();
  });

  test("are known by their place on a keyboard for other letters", () => {
    expect(meaning(press("ث", { code: "KeyE" }), null).action).toBe("resolve");
  });
});
