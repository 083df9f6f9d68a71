/** How soon a customer can write on a slow 3G connection. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { visitor, type Visitor } from "./support/browser";
import { Business } from "./support/business";
import { Chat } from "./support/chat";
import { OpenChat } from "./support/openchat";

/** The profile of that name in Chromium's own tools. */
const SLOW_3G = { offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 };
/** What the frame may fetch, in bytes; the time for that is allowed beside the second. */
const BUDGET = 25_000;

let server: OpenChat;
let business: Business;
let customer: Visitor;

beforeAll(async () => {
  server = await OpenChat.start();
  business = await Business.setUp(server);
  customer = await visitor();
});
afterAll(async () => {
  await customer?.leave();
  await server?.destroy();
});

test("a message can be written within a second, beside the time that the frame's bytes take", async () => {
  const { key } = await business.key({ originMode: "hotspot" });
  const { page } = customer;
  const network = await customer.context.newCDPSession(page);
  await network.send("Network.enable");
  await network.send("Network.emulateNetworkConditions", SLOW_3G);
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.querySelector(".composer textarea")) return;
      (window as any).usable = performance.now();
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
  });
  await page.goto(`${server.url}/webchat?key=${key}`);
  const usable = await page.waitForFunction(() => (window as any).usable as number).then((it) => it.jsonValue());
  const [arrived, bytes] = await page.evaluate(() => [
    performance.getEntriesByType("navigation").map((it) => (it as PerformanceNavigationTiming).responseEnd)[0]!,
    performance.getEntriesByType("resource").reduce((sum, it) => sum + (it as PerformanceResourceTiming).encodedBodySize, 0),
  ]);
  const transfer = (BUDGET / SLOW_3G.downloadThroughput) * 1_000;
  console.info(
    `On slow 3G a message can be written after ${Math.round(usable)} ms: the page itself came after ` +
      `${Math.round(arrived)} ms, and ${bytes} bytes of scripts and styles take ${Math.round(bytes / 50)} ms.`,
  );
  // The page's own round trip comes first; then scripts and styles come together.
  expect(usable - arrived).toBeLessThan(transfer + 1_000);

  const chat = new Chat(page);
  await chat.say("From far away");
  await chat.log.locator(".mine").getByText("From far away").waitFor();
  await chat.state("Sent");
});
