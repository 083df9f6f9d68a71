/** The sample shop: customer and agent side by side in two clicks, on a page that is quick and stands still. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { violations } from "./support/axe";
import { chatFrame, type Visitor, visitor } from "./support/browser";
import { Chat } from "./support/chat";
import { says } from "./support/desk";
import { OpenChat } from "./support/openchat";

let server: OpenChat;
let browser: Visitor;

beforeAll(async () => {
  [server, browser] = await Promise.all([OpenChat.start(["--demo"]), visitor()]);
});

afterAll(async () => {
  await browser?.leave();
  await server?.destroy();
});

test("the shop is there at once, and nothing in it moves", async () => {
  const { page } = browser;
  await page.addInitScript(() => {
    const seen = ((window as any).seen = { paint: 0, shift: 0 });
    new PerformanceObserver((list) => (seen.paint = list.getEntries().at(-1)!.startTime)).observe({ type: "largest-contentful-paint", buffered: true });
    new PerformanceObserver((list) => {
      for (const it of list.getEntries() as any[]) if (!it.hadRecentInput) seen.shift += it.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto(`${server.url}/demo`);
  await page.getByRole("button", { name: "Open chat" }).waitFor();
  const { paint, shift } = await page.evaluate(() => (window as any).seen);
  console.log(`largest paint after ${Math.round(paint)} ms, layout shift ${shift}`);
  // What is called good.
  expect(paint).toBeLessThan(2_500);
  expect(shift).toBeLessThan(0.1);
  expect(await violations(page)).toEqual([]);
});

test("a message from the shop is in the agent's inbox", async () => {
  await browser.page.getByRole("button", { name: "Open chat" }).click();
  const chat = new Chat(await chatFrame(browser.page));
  await chat.say("Is the mug dishwasher-safe?");
  await chat.state("Sent");
  const inbox = await browser.context.newPage();
  await inbox.goto(`${server.url}/demo/agent`);
  await inbox.waitForURL("**/inbox");
  await says(inbox, ".row", "Is the mug dishwasher-safe?");

  const shop = await browser.context.newPage();
  await shop.goto(`${server.url}/demo`);
  await shop.getByRole("button", { name: "Support" }).first().click();
  await shop.waitForURL("**/support/*");
  await new Chat(shop).box.waitFor();
  expect(browser.complaints).toEqual([]);
});
