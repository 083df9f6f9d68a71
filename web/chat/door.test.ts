/** Who comes in by which door, and is known again. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { widgetDoor } from "./door";
import { linkDoor } from "./link";
import { type Keep, keep } from "./keep";

interface Asked {
  method: string;
  authorization: string | null;
  body: unknown;
}

const asked: Asked[] = [];
let answers: (it: Asked) => [status: number, body: object];

const answer = (id: string, token?: string, entry = "widget") => ({
  session: { id, token, entry, expiresAt: "" },
  customer: {},
  business: {},
});

function shelf(): Keep & { all: Map<string, string> } {
  const all = new Map<string, string>();
  const get = (name: string) => all.get(name) ?? null;
  const set = (name: string, value: string | null) => void (value === null ? all.delete(name) : all.set(name, value));
  return { all, get, set, names: () => [...all.keys()], lasting: true };
}

beforeEach(() => {
  // An unsafe connection, which has no locks.
  vi.stubGlobal("navigator", {});
  vi.stubGlobal("fetch", async (_path: string, init: RequestInit) => {
    const authorization = (init.headers as Headers).get("authorization");
    const it = { method: init.method!, authorization, body: init.body ? JSON.parse(init.body as string) : null };
    asked.push(it);
    const [status, body] = answers(it);
    return new Response(JSON.stringify(body), { status });
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  asked.length = 0;
});

describe("the widget's door", () => {
  test("registers a visitor once, when there is something to say", async () => {
    answers = () => [201, answer("ses_1", "t1")];
    const kept = shelf();
    const door = widgetDoor("oc_live_x", kept);
    expect(door.session).toBeNull();
    expect(await Promise.all([door.enter(), door.enter()])).toEqual([
      { token: "t1", known: false },
      { token: "t1", known: false },
    ]);
    expect(asked).toEqual([{ method: "POST", authorization: null, body: { key: "oc_live_x" } }]);
    expect(widgetDoor("oc_live_x", kept).session).toEqual({ token: "t1", known: false });
  });

  test("takes a visitor along to the customer that it turns out to be", async () => {
    answers = (it) => [201, "key" in (it.body as object) ? answer("ses_1", "t1") : answer("ses_2", "t2", "handoff")];
    const kept = shelf();
    const door = widgetDoor("oc_live_x", kept);
    await door.enter();
    expect(await door.identify("handed")).toEqual({ token: "t2", known: true });
    expect(asked.at(-1)).toEqual({ method: "POST", authorization: "Bearer t1", body: { token: "handed" } });
    expect(door.lost()).toBe(true);
    expect(kept.all.size).toBe(0);
  });

  test("finds a session by the cookie where a frame may keep nothing", async () => {
    answers = ({ method }) => (method === "GET" ? [200, answer("ses_1")] : [500, {}]);
    const door = widgetDoor("oc_live_x", { ...shelf(), lasting: false });
    await door.back();
    expect(door.session).toEqual({ token: null, known: false });
    expect(await door.enter()).toEqual(door.session);
    expect(asked).toHaveLength(1);
  });
});

describe("a link's door", () => {
  test("exchanges the link once, and comes back by what the tab keeps", async () => {
    answers = ({ method }) => (method === "POST" ? [201, answer("ses_1", "t1", "handoff")] : [200, answer("ses_1")]);
    const [tab, browser] = [shelf(), shelf()];
    await linkDoor("link", tab, browser);
    const { door } = await linkDoor("link", tab, browser);
    expect(door.session?.token).toBe("t1");
    expect(asked.map((it) => it.method)).toEqual(["POST", "GET"]);
  });

  test("lets another tab of the same browser in by the cookie, and nobody else", async () => {
    answers = ({ method }) => (method === "POST" ? [401, { code: "handoff_used", error: "Used." }] : [200, answer("ses_1")]);
    const browser = shelf();
    browser.set("session", "ses_1");
    expect((await linkDoor("link", shelf(), browser)).door.session).toEqual({ token: null, known: true });
    await expect(linkDoor("link", shelf(), shelf())).rejects.toMatchObject({ code: "handoff_used" });
    browser.set("session", "ses_0");
    await expect(linkDoor("link", shelf(), browser)).rejects.toMatchObject({ code: "handoff_used" });
  });
});

test("what a browser refuses to keep is kept until the page is gone", () => {
  const refused = keep(() => {
    throw new Error("denied");
  }, "x:");
  refused.set("a", "1");
  expect([refused.get("a"), refused.lasting]).toEqual(["1", false]);
  refused.set("a", null);
  expect(refused.get("a")).toBeNull();
});
