/** A server that is killed in mid-conversation: nothing is lost or doubled on the customer's screen. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { violations } from "./support/axe";
import { chatFrame, visitor, type Visitor } from "./support/browser";
import { Business } from "./support/business";
import { Chat } from "./support/chat";
import { OpenChat } from "./support/openchat";
import { Shop, snippet } from "./support/shop";

let server: OpenChat;
let business: Business;
let shop: Shop;
let customer: Visitor;

beforeAll(async () => {
  server = await OpenChat.start();
  business = await Business.setUp(server);
  await business.available("online");
  shop = await Shop.open();
  customer = await visitor();
});
afterAll(async () => {
  await customer?.leave();
  await shop?.close();
  await server?.destroy();
});

test("the conversation goes on where it was", async () => {
  const { key } = await business.key({ allowedOrigins: [shop.origin] });
  shop.put("/", { head: snippet(server, key) });
  await customer.page.goto(shop.origin);
  await customer.page.getByRole("button", { name: "Open chat" }).click();
  const chat = new Chat(await chatFrame(customer.page));
  await chat.say("One");
  await chat.state("Sent");
  const conversation = await business.conversationOf("One");
  await business.reply(conversation, "Two");
  await chat.shows("Two");

  // What is written while it dies may have been taken or not.
  await chat.say("Three");
  await server.stop("SIGKILL");
  await chat.say("Four");
  await chat.frame.getByText("No connection. Reconnecting…").waitFor();
  await chat.frame.getByText("Not sent yet").last().waitFor();
  expect(await violations(chat.frame)).toEqual([]);
  await server.run();
  await chat.state("Sent");
  await chat.frame.getByText("No connection. Reconnecting…").waitFor({ state: "detached" });
  await business.reply(conversation, "Five");
  await chat.shows("Five");

  const all = ["One", "Two", "Three", "Four", "Five"];
  expect(await chat.texts()).toEqual(all);
  expect((await business.messages(conversation)).map((it) => it.text)).toEqual(all);
});

test("what wasn't delivered when the page went is delivered by the next one", async () => {
  const before = new Chat(await chatFrame(customer.page));
  await server.stop("SIGKILL");
  await before.say("Six");
  await before.frame.getByText("Not sent yet").waitFor();
  await customer.page.goto("about:blank");
  await server.run();
  await customer.page.goto(shop.origin);
  await customer.page.getByRole("button", { name: /Open chat/ }).click();
  const chat = new Chat(await chatFrame(customer.page));
  await chat.shows("Six");
  await chat.state("Sent");
  expect(await chat.texts()).toEqual(["One", "Two", "Three", "Four", "Five", "Six"]);
});

test("without a network it says so, and sends what was written when it is back", async () => {
  const chat = new Chat(await chatFrame(customer.page));
  await customer.context.setOffline(true);
  await chat.frame.getByText("You are offline. What you write is sent as soon as you are back.").waitFor();
  await chat.say("Seven");
  await chat.frame.getByText("Not sent yet").waitFor();
  expect(await violations(chat.frame)).toEqual([]);
  await customer.context.setOffline(false);
  await chat.state("Sent");
  expect((await chat.texts()).slice(-2)).toEqual(["Six", "Seven"]);
});
