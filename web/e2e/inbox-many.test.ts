/** An inbox of 100,000 conversations: quick to open, smooth to scroll, live at the top all the while. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Desk, desk, says, until } from "./support/desk";
import { OpenChat } from "./support/openchat";
import { seed } from "./support/seed";
import { Backend, Person } from "./support/team";

const COUNT = 100_000;
/** So many are scrolled through; more would only take longer. */
const FAR = 5_000;

let server: OpenChat;
let ana: Person;
let backend: Backend;
let at: Desk;

beforeAll(async () => {
  server = await OpenChat.start();
  ana = await Person.owner(server);
  backend = await Backend.of(ana);
  const id = await backend.writes({ externalUserId: "c1", name: "Jane Walker" }, "The first of many");
  await ana.act(id, "assign", { agentId: ana.id });
  await seed(server, id, COUNT);
}, 180_000);

afterAll(async () => {
  await at?.leave();
  await server?.destroy();
});

/** Scrolls down until so many rows are there; answers the frames' times in milliseconds. */
function scrollTo(page: Page, rows: number): Promise<number[]> {
  return page.evaluate(async (wanted) => {
    const box = document.querySelector(".rows")!;
    const row = document.querySelector(".rows li")!.clientHeight;
    const times: number[] = [];
    let last = performance.now();
    while (box.scrollTop / row < wanted) {
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      times.push(now - last);
      last = now;
      box.scrollTop += 20 * row;
    }
    return times;
  }, rows);
}

test("it opens at once, with few rows drawn", async () => {
  const begin = performance.now();
  at = await desk(ana);
  await says(at.page, ".row", `Order ${COUNT}`);
  console.info(`opened in ${Math.round(performance.now() - begin)} ms`);
  expect(await at.page.locator(".rows li").count()).toBeLessThan(40);
});

test("it scrolls smoothly, fetching as it goes, with no more rows drawn than are seen", { timeout: 120_000 }, async () => {
  const { page } = at;
  const times = (await scrollTo(page, FAR)).sort((a, b) => a - b);
  const [median, late] = [times[times.length >> 1]!, times[Math.floor(times.length * 0.95)]!];
  console.info(`frames: median ${median.toFixed(1)} ms, 95 of 100 within ${late.toFixed(1)} ms, of ${times.length}`);
  await page.waitForFunction(() => document.querySelectorAll(".rows .row").length > 5);
  expect(await page.locator(".rows li").count()).toBeLessThan(40);
  const deep = Number(/Order (\d+)/.exec((await page.locator(".rows .row").last().innerText()))?.[1]);
  expect(deep).toBeLessThan(COUNT - FAR + 100);
  // Generous, for a machine that does other things at the same time.
  expect(median).toBeLessThan(50);
});

test("what comes in meanwhile goes to the top, and what is read stays where it is", async () => {
  const { page } = at;
  const seen = () =>
    page.evaluate(() => {
      const box = document.querySelector(".rows")!.getBoundingClientRect();
      const row = document.elementFromPoint(box.left + 60, box.top + 200)!.closest("li")!;
      return [row.dataset.id, Math.round(row.getBoundingClientRect().top)];
    });
  const first = () => page.locator(".rows li").first().getAttribute("aria-posinset");
  const [before, place] = [await seen(), await first()];
  const id = await backend.writes({ externalUserId: "c9", name: "New Customer" }, "I am new");
  await ana.act(id, "assign", { agentId: ana.id });
  await until(async () => (await first()) !== place);
  expect(await seen()).toEqual(before);
  await page.evaluate(() => (document.querySelector(".rows")!.scrollTop = 0));
  await says(page, ".row", "New Customer");
});

test("a search finds one among all", async () => {
  const { page } = at;
  await page.keyboard.press("/");
  await page.keyboard.type("Jane Walker");
  await says(page, ".row", "Jane Walker");
  await page.waitForSelector(".rows[aria-busy=false]");
  expect(await page.locator(".rows li").count()).toBeGreaterThan(5);
  expect(at.complaints).toEqual([]);
});
