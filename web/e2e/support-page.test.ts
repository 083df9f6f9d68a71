/** The page that a handoff's link opens. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { violations } from "./support/axe";
import { visitor, type Visitor } from "./support/browser";
import { Business } from "./support/business";
import { Chat } from "./support/chat";
import { OpenChat } from "./support/openchat";

let server: OpenChat;
let business: Business;
let customer: Visitor;

beforeAll(async () => {
  server = await OpenChat.start();
  business = await Business.setUp(server);
  await business.available("online");
});
afterAll(() => server?.destroy());
beforeEach(async () => {
  customer = await visitor();
});
afterEach(() => customer.leave());

const link = (externalUserId: string) => business.handoff({ externalUserId, name: "Jane" });

test("a preview doesn't use the link up; the page does, once", async () => {
  const address = await link("preview");
  for (const method of ["GET", "HEAD", "GET"]) expect((await fetch(address, { method })).status).toBe(200);
  await customer.page.goto(address);
  const chat = new Chat(customer.page);
  await chat.box.waitFor();
  expect(await customer.page.title()).toBe("Acme Support");
  await chat.say("Hello from a link");
  await chat.state("Sent");
  await business.reply(await business.conversationOf("Hello from a link"), "Hello Jane");
  await chat.shows("Hello Jane");
  expect(await violations(customer.page)).toEqual([]);
  expect(await customer.page.getByRole("button", { name: "Call" }).count()).toBe(0);

  // The tab comes back, and so does another one of the same browser.
  await customer.page.reload();
  await chat.shows("Hello Jane");
  const other = await customer.context.newPage();
  await other.goto(address);
  await new Chat(other).shows("Hello Jane");
  expect(customer.complaints).toEqual([]);

  // Somebody else's browser doesn't.
  const stranger = await visitor();
  await stranger.page.goto(address);
  await stranger.page.getByRole("heading", { name: "This link was used already" }).waitFor();
  expect(await violations(stranger.page)).toEqual([]);
  await stranger.leave();
});

test("a link that nobody made is told so", async () => {
  await customer.page.goto(`${server.url}/support/nobody-made-this`);
  await customer.page.getByRole("heading", { name: "This link leads nowhere" }).waitFor();
  expect(await violations(customer.page)).toEqual([]);
});

test("an expired link, and a session that is over, are told so", async () => {
  await customer.page.route("**/api/webchat/session", (route) =>
    route.fulfill({ status: 401, json: { code: "handoff_expired", error: "This support link has expired." } }),
  );
  await customer.page.goto(await link("expired"));
  await customer.page.getByRole("heading", { name: "This link has expired" }).waitFor();
  await customer.page.unroute("**/api/webchat/session");

  await customer.page.goto(await link("ended"));
  const chat = new Chat(customer.page);
  await chat.say("I end my session elsewhere");
  await chat.state("Sent");
  const ended = await customer.page.evaluate(() => fetch("/api/webchat/session", { method: "DELETE" }).then((it) => it.status));
  expect(ended).toBe(200);
  await customer.page.getByRole("heading", { name: "This session has ended" }).waitFor();
  expect(await violations(customer.page)).toEqual([]);
});

test("it speaks the reader's language, and Arabic from right to left", async () => {
  const address = await link("arabic");
  await customer.page.goto(`${address}?lang=ar`);
  await customer.page.getByPlaceholder("اكتب رسالة").waitFor();
  expect(await customer.page.evaluate(() => document.documentElement.dir)).toBe("rtl");
  expect(await violations(customer.page)).toEqual([]);
});

test("whoever has a long history reads it back, and nothing jumps", async () => {
  const address = await link("history");
  await customer.page.goto(address);
  const chat = new Chat(customer.page);
  await chat.say("The first of many");
  await chat.state("Sent");
  const conversation = await business.conversationOf("The first of many");
  for (let at = 1; at <= 70; at++) await business.reply(conversation, `Answer ${at}`);
  await chat.shows("Answer 70");
  await customer.page.reload();
  await chat.shows("Answer 70");
  expect(await chat.log.getByText("Answer 1", { exact: true }).count()).toBe(0);
  await chat.log.getByRole("button", { name: "Show earlier messages" }).click();
  await chat.shows("The first of many");
  await chat.shows("Answer 70");
});
