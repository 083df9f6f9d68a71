/** Who writes in a website's chat is known again on its next page, also to a browser that keeps little; two tabs are one visitor. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { chatFrame, visitor, type Visitor } from "./support/browser";
import { Business } from "./support/business";
import { Chat } from "./support/chat";
import { OpenChat } from "./support/openchat";
import { Shop, snippet } from "./support/shop";

let server: OpenChat;
let business: Business;
let shop: Shop;
let customer: Visitor | undefined;

beforeAll(async () => {
  server = await OpenChat.start();
  business = await Business.setUp(server);
  shop = await Shop.open();
  const { key } = await business.key({ originMode: "hotspot" });
  shop.put("/", { head: snippet(server, key) });
  shop.put("/other", { head: snippet(server, key) });
});
afterEach(async () => {
  await customer?.leave();
  customer = undefined;
});
afterAll(async () => {
  await shop?.close();
  await server?.destroy();
});

async function opened(page: Visitor["page"], path: string): Promise<Chat> {
  await page.goto(shop.origin + path);
  await page.getByRole("button", { name: "Open chat" }).click();
  const frame = await chatFrame(page);
  await frame.locator("header h1").getByText("Acme Support").waitFor();
  return new Chat(frame);
}

async function customers(): Promise<number> {
  return (await business.ask<{ data: unknown[] }>("GET", "/api/admin/support/inbox?view=all")).data.length;
}

test("a visitor is known on the next page where frames of other websites may keep nothing", async () => {
  customer = await visitor({}, [], "blocked");
  const chat = await opened(customer.page, "/");
  const mayKeep = await chat.frame.evaluate(() => {
    try {
      return !!localStorage;
    } catch {
      return false;
    }
  });
  expect(mayKeep).toBe(false);
  await chat.say("Do you remember me?");
  await chat.state("Sent");
  const again = await opened(customer.page, "/other");
  await again.shows("Do you remember me?");
  await again.say("You do!");
  await again.state("Sent");
  const told = await business.messages(await business.conversationOf("You do!"));
  expect(told.map((it) => it.text)).toEqual(["Do you remember me?", "You do!"]);
});

test("what two tabs have yet to say is said once each, in one conversation, whichever tab is closed", async () => {
  customer = await visitor();
  const { context } = customer;
  const [page, otherPage] = [await context.newPage(), await context.newPage()];
  const first = await opened(page, "/");
  const second = await opened(otherPage, "/");
  const before = await customers();
  await context.route("**/api/webchat/**", (route) => route.abort());
  await first.say("From the first tab");
  await second.say("From the second tab");
  await first.state("Not sent yet");
  await second.state("Not sent yet");
  // Neither tab delivers; the next visit finds what both have left.
  await page.close();
  await otherPage.close();
  await context.unrouteAll({ behavior: "ignoreErrors" });
  const [one, other] = [await context.newPage(), await context.newPage()];
  const chats = await Promise.all([opened(one, "/"), opened(other, "/other")]);
  for (const chat of chats) {
    await chat.shows("From the first tab");
    await chat.shows("From the second tab");
    await chat.state("Sent");
  }
  const told = await business.messages(await business.conversationOf("From the second tab"));
  expect(told.map((it) => it.text)).toEqual(["From the first tab", "From the second tab"]);
  expect(await customers()).toBe(before + 1);
});
