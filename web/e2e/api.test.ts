/** What a website can ask of the widget, and what it is told. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
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
  const { key } = await business.key({ allowedOrigins: [shop.origin] });
  shop.put("/", { head: snippet(server, key) });
  shop.put("/body", { body: snippet(server, key) });
  shop.put("/twice", { head: snippet(server, key) + snippet(server, key), body: snippet(server, key) });
});
afterAll(async () => {
  await shop?.close();
  await server?.destroy();
});
beforeEach(async () => {
  customer = await visitor();
  // As a website does that wants to call before the file has come, and to hear everything.
  await customer.page.addInitScript(() => {
    const page = window as any;
    page.heard = [];
    page.OpenChat = function () {
      page.OpenChat.q.push(arguments);
    };
    page.OpenChat.q = [];
    for (const event of ["ready", "open", "close", "unread", "message", "error", "call"]) {
      page.OpenChat("on", event, (detail: unknown) => page.heard.push(detail === undefined ? event : [event, detail]));
    }
  });
});
afterEach(() => customer.leave());

const call = (...args: unknown[]) => customer.page.evaluate((it) => (window as any).OpenChat(...it), args);
const hears = (event: unknown) =>
  customer.page.waitForFunction((it) => (window as any).heard.some((one: unknown) => JSON.stringify(one) === it), JSON.stringify(event));
const widgets = () => customer.page.locator("openchat-widget").count();
const launcher = () => customer.page.getByRole("button", { name: /chat/ }).first();

describe("calls", () => {
  test("made before the file comes are done when it has", async () => {
    await customer.page.addInitScript(() => (window as any).OpenChat("open"));
    await customer.page.goto(shop.origin);
    await hears("ready");
    await hears("open");
    await new Chat(await chatFrame(customer.page)).box.waitFor();
    expect(customer.complaints).toEqual([]);
  });

  test("open, close, toggle, hide and show do what they say", async () => {
    await customer.page.goto(`${shop.origin}/body`);
    await hears("ready");
    const frame = customer.page.locator("openchat-widget iframe");
    await call("toggle");
    await frame.waitFor();
    await call("close");
    await frame.waitFor({ state: "hidden" });
    await hears("close");
    await call("hide");
    await launcher().waitFor({ state: "hidden" });
    await call("open");
    await frame.waitFor();
    await call("toggle");
    await call("show");
    await launcher().waitFor();
    await call("dance");
    expect(customer.complaints).toEqual(["OpenChat: there is no 'dance'."]);
  });

  test("destroy leaves nothing behind, and the file can be loaded again", async () => {
    await customer.page.goto(shop.origin);
    await hears("ready");
    await call("open");
    await call("destroy");
    expect(await widgets()).toBe(0);
    await customer.page.evaluate(() => {
      const again = document.createElement("script");
      const first = document.querySelector<HTMLScriptElement>("script[data-api-key]")!;
      again.src = first.src;
      again.dataset.apiKey = first.dataset.apiKey!;
      document.head.append(again);
    });
    await launcher().waitFor();
  });

  test("a handler that fails is nobody else's matter", async () => {
    await customer.page.addInitScript(() => {
      (window as any).OpenChat.q.unshift([
        "on",
        "ready",
        () => {
          throw new Error("the website's own");
        },
      ]);
    });
    await customer.page.goto(shop.origin);
    await hears("ready");
    await launcher().click();
    await new Chat(await chatFrame(customer.page)).box.waitFor();
  });
});

describe("installed", () => {
  test("twice, it is there once", async () => {
    await customer.page.goto(`${shop.origin}/twice`);
    await hears("ready");
    await customer.page.waitForLoadState("networkidle");
    expect(await widgets()).toBe(1);
  });

  test("in a page that replaces its body, it stays, and so does what was said", async () => {
    await customer.page.goto(shop.origin);
    await launcher().click();
    const chat = new Chat(await chatFrame(customer.page));
    await chat.say("Before the navigation");
    await chat.state("Sent");
    await customer.page.evaluate(() => {
      history.pushState(null, "", "/elsewhere");
      const body = document.createElement("body");
      body.innerHTML = "<main><h1>Elsewhere</h1></main>";
      document.body.replaceWith(body);
    });
    await customer.page.getByRole("heading", { name: "Elsewhere" }).waitFor();
    await new Chat(await chatFrame(customer.page)).shows("Before the navigation");
    expect(await widgets()).toBe(1);
    expect(customer.complaints).toEqual([]);
  });
});

describe("events", () => {
  test("tell of messages and what is unread, but not what was said", async () => {
    await customer.page.goto(shop.origin);
    await launcher().click();
    const chat = new Chat(await chatFrame(customer.page));
    await chat.say("Tell me later");
    await chat.state("Sent");
    await call("close");
    await business.reply(await business.conversationOf("Tell me later"), "A secret");
    await hears(["unread", 1]);
    const heard = JSON.stringify(await customer.page.evaluate(() => (window as any).heard));
    expect(heard).toContain('"message"');
    expect(heard).not.toContain("secret");
    await call("open");
    await hears(["unread", 0]);
  });

  test("don't come from anybody but our frame", async () => {
    await customer.page.goto(shop.origin);
    await launcher().click();
    await new Chat(await chatFrame(customer.page)).box.waitFor();
    await customer.page.evaluate(() => {
      for (const forged of [{ openchat: 1, type: "unread", count: 99 }, { openchat: 1, type: "close" }, null, "x"]) {
        postMessage(forged, "*");
      }
    });
    await customer.page.evaluate(() => new Promise((done) => setTimeout(done)));
    expect(JSON.stringify(await customer.page.evaluate(() => (window as any).heard))).not.toContain("99");
    expect(await customer.page.locator("openchat-widget iframe").isVisible()).toBe(true);
  });
});

describe("identity", () => {
  const token = async (externalUserId: string) =>
    (await business.handoff({ externalUserId, name: `Jane ${externalUserId}` })).split("/").pop()!;

  test("a visitor who is identified takes along what was said, and leaves nothing behind", async () => {
    await customer.page.goto(shop.origin);
    await launcher().click();
    const chat = new Chat(await chatFrame(customer.page));
    await chat.say("I am nobody yet");
    await chat.state("Sent");
    await call("identify", { token: await token("u1") });
    await chat.shows("I am nobody yet");
    const conversation = await business.conversationOf("I am nobody yet");
    const known = async () =>
      (await business.ask<any>("GET", `/api/admin/support/conversations/${conversation}`)).conversation.customer.externalUserId;
    await expect.poll(known, { timeout: 10_000 }).toBe("u1");
    await chat.say("Now I am somebody");
    await chat.state("Sent");

    await call("logout");
    await chat.log.getByText("Now I am somebody").waitFor({ state: "detached" });
    await customer.page.goto(shop.origin);
    await hears("ready");
    expect(await customer.page.locator("openchat-widget iframe").count()).toBe(0);
    await launcher().click();
    const next = new Chat(await chatFrame(customer.page));
    await next.shows("Hello! How can we help?");
    expect(await next.texts()).toEqual([]);
    expect(customer.complaints).toEqual([]);
  });

  test("a token works once, and the website is told when it doesn't", async () => {
    await customer.page.goto(shop.origin);
    await hears("ready");
    const used = await token("u2");
    await call("identify", used);
    await call("open");
    await expect.poll(() => business.ask<any>("GET", "/api/admin/support/inbox?view=all").then(() => true)).toBe(true);
    await new Chat(await chatFrame(customer.page)).box.waitFor();
    await call("identify", used);
    await customer.page.waitForFunction(() => JSON.stringify((window as any).heard).includes("handoff_used"));
  });

  test("a visitor can say who it is", async () => {
    await customer.page.goto(shop.origin);
    await hears("ready");
    await call("update", { name: "Vera", email: "vera@example.com" });
    await launcher().click();
    const chat = new Chat(await chatFrame(customer.page));
    await chat.say("It is Vera");
    await chat.state("Sent");
    const conversation = await business.conversationOf("It is Vera");
    const named = async () =>
      (await business.ask<any>("GET", `/api/admin/support/conversations/${conversation}`)).conversation.customer.name;
    await expect.poll(named, { timeout: 10_000 }).toBe("Vera");
  });
});
