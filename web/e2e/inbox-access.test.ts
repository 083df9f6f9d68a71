/** The inbox for everybody: no barrier in any state, in light and dark, in a right-to-left language, on a phone. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Desk, desk, says } from "./support/desk";
import { OpenChat } from "./support/openchat";
import { Backend, Person } from "./support/team";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

let server: OpenChat;
let ana: Person;
let busy: string;

beforeAll(async () => {
  server = await OpenChat.start();
  ana = await Person.owner(server);
  await ana.colleague("Sam Okafor");
  const backend = await Backend.of(ana);
  const jane = { externalUserId: "c1", name: "Jane Walker", email: "jane@example.com", metadata: { plan: "pro" } };
  const earlier = await backend.writes(jane, "A question from last week", "Order 1");
  await ana.act(earlier, "resolve");
  busy = await backend.writes(jane, "Where is https://acme.test/orders/4711?", "Order 4711");
  await ana.act(busy, "messages", { message: { type: "text", text: "I am looking." } });
  await ana.act(busy, "notes", { text: "Lost by the carrier." });
  await ana.act(busy, "tags", { tags: ["shipping", "vip"] });
  await ana.act(busy, "priority", { priority: "urgent" });
  await backend.goesOn(busy, "Thank you!");
  const resting = await backend.writes({ externalUserId: "c2" }, "Anonymous, and it can wait");
  await ana.act(resting, "snooze", { until: new Date(Date.now() + 86_400_000).toISOString() });
  await ana.act(resting, "priority", { priority: "high" });
  await backend.writes({ externalUserId: "c3", name: "Omar" }, "Hello");
});

afterAll(() => server?.destroy());

/** What axe finds, in short. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(() => Promise.all(document.getAnimations().map((it) => (it.effect?.getTiming().iterations === Infinity ? null : it.finished))));
  await page.evaluate(axe);
  const found = await page.evaluate(
    async (rules) => {
      const run = (window as unknown as { axe: { run: (options: object) => Promise<{ violations: never[] }> } }).axe.run;
      return (await run({ runOnly: rules })).violations as { id: string; nodes: { html: string; failureSummary: string }[] }[];
    },
    RULES,
  );
  return found.flatMap((it) => it.nodes.map((node) => `${it.id}: ${node.html.slice(0, 160)} ${node.failureSummary.slice(0, 200)}`));
}

/** Goes through the states of the page, and looks at each. */
async function everyState({ page }: Desk): Promise<void> {
  const look = async (state: string) => expect(await barriers(page), state).toEqual([]);
  await look("nothing open");
  for (const [key, state] of [["q", "queue"], ["u", "unassigned"], ["r", "resolved"], ["a", "all"]] as const) {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    await page.waitForSelector(".rows[aria-busy=false]");
    await look(state);
  }
  await page.click(`[data-id="${busy}"] a`);
  await page.waitForFunction(() => document.querySelectorAll(".happening").length > 3);
  await look("a conversation");
  await page.keyboard.press("n");
  await look("a note");
  await page.keyboard.press("Escape");
  for (const key of ["?", ",", "a", "s", "t", "p", "Control+k"]) {
    await page.keyboard.press(key);
    await page.waitForSelector("dialog[open]");
    await look(`dialog ${key}`);
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
  }
  await page.keyboard.press("/");
  await page.keyboard.type("nothing like this");
  await page.waitForSelector(".list-column .nothing");
  await look("nothing found");
}

test.each(["light", "dark"] as const)("no state has a barrier, %s", { timeout: 120_000 }, async (colorScheme) => {
  const at = await desk(ana, undefined, { colorScheme, reducedMotion: "reduce" });
  await everyState(at);
  expect(at.complaints).toEqual([]);
  await at.leave();
});

test("on a phone, list and conversation take turns, without a barrier and without a sideways scroll", async () => {
  const at = await desk(ana, undefined, { viewport: { width: 360, height: 740 }, hasTouch: true });
  const { page } = at;
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  expect(await barriers(page)).toEqual([]);
  expect(await fits()).toBe(true);
  await page.getByRole("button", { name: "All" }).click();
  await page.click(`[data-id="${busy}"] a`);
  await says(page, ".bubble", "I am looking.");
  expect(await page.locator(".list-column").isVisible()).toBe(false);
  expect(await barriers(page)).toEqual([]);
  expect(await fits()).toBe(true);
  await page.getByRole("button", { name: "Customer details" }).click();
  await says(page, ".panel dd", "pro");
  expect(await barriers(page)).toEqual([]);
  await page.locator(".panel").getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Back to the list" }).click();
  expect(await page.locator(".list-column").isVisible()).toBe(true);
  expect(at.complaints).toEqual([]);
  await at.leave();
});

test.each([
  ["ar", "rtl", "محادثاتي"],
  ["es", "ltr", "Mías"],
  ["fr", "ltr", "Les miennes"],
])("it speaks %s", async (locale, dir, mine) => {
  const at = await desk(ana, busy, { locale });
  const { page } = at;
  await says(page, ".list-column h2", mine);
  expect(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir])).toEqual([locale, dir]);
  await page.waitForFunction(() => document.querySelectorAll(".happening").length > 3);
  expect(await barriers(page)).toEqual([]);
  expect(at.complaints).toEqual([]);
  await at.leave();
});
