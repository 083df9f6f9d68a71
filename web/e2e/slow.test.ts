/** How soon a customer can write on a slow 3G connection, and what becomes of what they write that soon. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Frame, Page } from "playwright-core";
import { violations } from "./support/axe";
import { chatFrame, visitor, type Visitor } from "./support/browser";
import { Business } from "./support/business";
import { Chat } from "./support/chat";
import { OpenChat } from "./support/openchat";
import { Shop, snippet } from "./support/shop";

/** The profile of that name in Chromium's own tools. */
const SLOW_3G = { offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 };

let server: OpenChat;
let business: Business;
let shop: Shop;
let key: string;
let customer: Visitor;
let page: Page;

beforeAll(async () => {
  server = await OpenChat.start();
  business = await Business.setUp(server);
  shop = await Shop.open();
  ({ key } = await business.key({ originMode: "hotspot" }));
  shop.put("/", { head: snippet(server, key) });
});
afterAll(async () => {
  await shop?.close();
  await server?.destroy();
});
beforeEach(async () => {
  customer = await visitor();
  ({ page } = customer);
});
afterEach(() => customer.leave());

/** Notes in every frame when one can write in it: its place is painted, and what is sent there is kept. */
async function timed(): Promise<void> {
  await page.addInitScript(() => {
    let kept = 0;
    const look = () => {
      if ((window as any).openchat) kept ||= performance.now();
      const painted = performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
      const there = document.querySelector(".composer textarea");
      if (painted && kept && there) (window as any).writable = performance.timeOrigin + Math.max(painted, kept);
      else setTimeout(look);
    };
    look();
  });
}

test("on slow 3G a message can be written and sent within a second of opening the chat", async () => {
  await timed();
  await page.goto(shop.address);
  const launcher = page.getByRole("button", { name: "Open chat" });
  await launcher.waitFor();
  const network = await customer.context.newCDPSession(page);
  await network.send("Network.enable");
  await network.send("Network.emulateNetworkConditions", SLOW_3G);
  await page.evaluate(() =>
    addEventListener("click", () => ((window as any).opened = performance.timeOrigin + performance.now()), true),
  );
  await launcher.click();
  const frame = await chatFrame(page);
  await frame.waitForFunction(() => (window as any).writable);
  await frame.locator("textarea").click();
  await page.keyboard.type("From far away");
  await page.keyboard.press("Enter");
  const chat = new Chat(frame);
  await chat.log.locator(".mine").getByText("From far away").waitFor();
  await chat.state("Sent");
  const opened = await page.evaluate(() => (window as any).opened as number);
  const [writable, whole] = await frame.evaluate(() => [
    (window as any).writable as number,
    performance.timeOrigin + Math.max(...performance.getEntriesByType("resource").filter((it) => /assets/.test(it.name)).map((it) => (it as PerformanceResourceTiming).responseEnd)),
  ]);
  console.info(
    `On slow 3G one can write ${Math.round(writable! - opened)} ms after opening the chat; all of it is there after ` +
      `${Math.round(whole! - opened)} ms.`,
  );
  expect(writable! - opened).toBeLessThan(1_000);
  expect((await business.messages(await business.conversationOf("From far away"))).filter((it) => it.text === "From far away").length).toBe(1);
});

/** Keeps the chat's own script back until it is let go. */
async function heldBack(): Promise<() => void> {
  let release = () => {};
  const released = new Promise<void>((done) => (release = done));
  await page.route("**/assets/main-*.js", async (route) => {
    await released;
    await route.continue();
  });
  return release;
}

async function openEarly(locale = ""): Promise<Frame> {
  await page.goto(`${server.url}/webchat?key=${key}${locale && `&lang=${locale}`}`, { waitUntil: "commit" });
  await page.waitForFunction(() => (window as any).openchat);
  return page.mainFrame();
}

test("what is written before the script is there stays as it is: the words, the cursor in them, and what was sent", async () => {
  const release = await heldBack();
  const frame = await openEarly();
  expect(await violations(frame)).toEqual([]);
  await page.locator("textarea").click();
  await page.keyboard.type("First");
  await page.keyboard.press("Enter");
  await page.keyboard.type("Second");
  await page.getByRole("button", { name: "Send" }).click();
  await page.locator(".mine").getByText("Second").waitFor();
  await page.locator("textarea").click();
  await page.keyboard.type("Half a thought");
  await page.keyboard.press("Shift+ArrowLeft");
  release();
  const chat = new Chat(frame);
  await chat.state("Sent");
  const field = await page.locator("textarea").evaluate((it: HTMLTextAreaElement) => ({
    value: it.value,
    selected: it.value.slice(it.selectionStart, it.selectionEnd),
    focused: it === document.activeElement,
  }));
  expect(field).toEqual({ value: "Half a thought", selected: "t", focused: true });
  const told = await business.messages(await business.conversationOf("Second"));
  expect(told.map((it) => it.text).filter((it) => it === "First" || it === "Second")).toEqual(["First", "Second"]);
  await chat.log.getByText("Second").waitFor();
  expect(await chat.log.getByText("Second").count()).toBe(1);
});

test("what is sent before the script is there survives that it never comes", async () => {
  await heldBack();
  await openEarly();
  await page.locator("textarea").fill("Not for nothing");
  await page.keyboard.press("Enter");
  await page.locator(".mine").getByText("Not for nothing").waitFor();
  await page.unrouteAll({ behavior: "ignoreErrors" });
  const frame = await openEarly();
  await new Chat(frame).state("Sent");
  const told = await business.messages(await business.conversationOf("Not for nothing"));
  expect(told.filter((it) => it.text === "Not for nothing").length).toBe(1);
});

test.each([
  ["ar", "rtl", "اكتب رسالة"],
  ["fr", "ltr", "Écrivez un message"],
])("before its script is there, the frame speaks %s", async (lang, dir, words) => {
  await heldBack();
  const frame = await openEarly(lang);
  expect(await frame.evaluate(() => [document.documentElement.lang, document.documentElement.dir || "ltr"])).toEqual([lang, dir]);
  await page.getByPlaceholder(words).waitFor();
  expect(await violations(frame)).toEqual([]);
});
