/** Calls in the widget's frame, on a website of somebody else's. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { violations } from "./support/axe";
import { chatFrame, type Visitor, visitor } from "./support/browser";
import { answers, DEVICES, Exchange, hears, sees, tap } from "./support/calls";
import { Chat } from "./support/chat";
import { says, until } from "./support/desk";
import { Shop, snippet } from "./support/shop";

let exchange: Exchange;
let shop: Shop;

beforeAll(async () => {
  exchange = await Exchange.open();
  shop = await Shop.open();
  const made = await exchange.ana.post<{ key: string }>("/api/business/keys", {
    name: "Website",
    permissions: ["support:read"],
    originMode: "strict",
    allowedOrigins: [shop.origin],
  });
  const told = `<script>window.OpenChat = window.OpenChat || function () { (OpenChat.q = OpenChat.q || []).push(arguments) };
    window.told = []; OpenChat("on", "call", (it) => told.push(it.state));</script>`;
  shop.put("/", { head: told + snippet(exchange.server, made.key) });
});
afterEach(() => exchange.clear());
afterAll(async () => {
  await shop?.close();
  await exchange?.close();
});

async function atShop(): Promise<{ customer: Visitor; fetched: string[] }> {
  const customer = exchange.keep(await visitor({}, DEVICES));
  customer.page.setDefaultTimeout(15_000);
  const fetched: string[] = [];
  customer.page.on("request", (request) => fetched.push(request.url()));
  await tap(customer.page);
  await customer.page.goto(shop.origin);
  return { customer, fetched };
}

const told = (customer: Visitor) => customer.page.evaluate(() => (window as any).told as string[]);

test("a visitor who has said nothing yet calls by one button; LiveKit's client is fetched only then", async () => {
  const { customer, fetched } = await atShop();
  await customer.page.getByRole("button", { name: "Open chat" }).click();
  const frame = await chatFrame(customer.page);
  await frame.getByRole("button", { name: "Video call" }).click();
  await frame.getByText("Your microphone works.").waitFor();
  const livekit = () => fetched.filter((it) => /\/assets\/room-/.test(it)).length;
  expect(livekit()).toBe(0);
  await frame.getByRole("button", { name: "Start the call" }).click();
  const agent = await exchange.desk(exchange.ana);
  await answers(agent.page);
  await sees(frame, agent.page);
  await hears(frame, agent.page);
  expect(livekit()).toBe(1);
  await new Chat(frame).shows("I would like a video call.");
  expect(await violations(frame)).toEqual([]);
  expect(await violations(agent.page)).toEqual([]);
  await frame.getByRole("button", { name: "Hang up" }).click();
  await says(agent.page, ".toast", "The call is over.");
  await until(async () => (await told(customer)).length === 3);
  expect(await told(customer)).toEqual(["ringing", "answered", "ended"]);
  expect([...customer.complaints, ...agent.complaints]).toEqual([]);
});

test("a call of the team's opens a chat that is closed, and goes on when it is closed again", async () => {
  const { customer } = await atShop();
  await customer.page.getByRole("button", { name: "Open chat" }).click();
  const frame = await chatFrame(customer.page);
  await new Chat(frame).say("Please call me");
  await new Chat(frame).state("Sent");
  await customer.page.getByRole("button", { name: "Close chat" }).first().click();
  const agent = await exchange.desk(exchange.ana);
  await agent.page.locator(".row", { hasText: "Please call me" }).click();
  await agent.page.locator(".talk-header").getByRole("button", { name: "Audio call" }).click();
  await frame.getByRole("button", { name: "Answer" }).click();
  await hears(frame, agent.page);
  await frame.getByRole("button", { name: "Close chat" }).click();
  await hears(frame, agent.page);
  expect(await told(customer)).toEqual(["ringing", "answered"]);
  await agent.page.keyboard.press("h");
  await until(async () => (await told(customer)).at(-1) === "ended");
});
