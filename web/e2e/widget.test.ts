/** The widget on somebody's website: from the first look to the rating. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { violations } from "./support/axe";
import { chatFrame, visitor, type Visitor } from "./support/browser";
import { Business } from "./support/business";
import { Chat } from "./support/chat";
import { OpenChat } from "./support/openchat";
import { Shop, snippet } from "./support/shop";

let server: OpenChat;
let business: Business;
let shop: Shop;
let key: string;
let customer: Visitor;

beforeAll(async () => {
  server = await OpenChat.start();
  business = await Business.setUp(server);
  await business.available("online");
  shop = await Shop.open();
  ({ key } = await business.key({ allowedOrigins: [shop.origin] }));
  shop.put("/", { head: snippet(server, key) });
  shop.put("/rtl", { head: snippet(server, key), dir: "rtl" });
  shop.put("/arabic", { head: snippet(server, key, 'data-lang="ar"'), dir: "rtl" });
});
afterAll(async () => {
  await shop?.close();
  await server?.destroy();
});
beforeEach(async () => {
  customer = await visitor();
});
afterEach(() => customer.leave());

const launcher = () => customer.page.getByRole("button", { name: /Open chat/ });

async function open(path = "/"): Promise<Chat> {
  await customer.page.goto(shop.origin + path);
  await launcher().click();
  const chat = new Chat(await chatFrame(customer.page));
  await chat.box.waitFor();
  return chat;
}

describe("a conversation", () => {
  test("goes from the first message to the rating", async () => {
    const chat = await open();
    await chat.shows("Hello! How can we help?");
    expect(await violations(chat.frame)).toEqual([]);
    await chat.say("Where is my order?");
    await chat.state("Sent");

    const conversation = await business.conversationOf("Where is my order?");
    await business.act(conversation, "read", { upTo: (await business.messages(conversation)).at(-1)!.position });
    await chat.state("Seen");
    await business.act(conversation, "typing", { typing: true });
    await chat.frame.getByText("Ana Rivera is typing…").waitFor();
    await business.reply(conversation, "On its way: https://acme.test/track?a=1.");
    await chat.frame.getByText("Ana Rivera is typing…").waitFor({ state: "detached" });
    const link = chat.log.getByRole("link");
    expect(await link.getAttribute("href")).toBe("https://acme.test/track?a=1");
    expect(await link.getAttribute("rel")).toContain("noopener");
    await chat.frame.getByText("Ana Rivera is helping you").waitFor();
    expect(await violations(chat.frame)).toEqual([]);

    await business.act(conversation, "resolve");
    await chat.frame.getByText("This conversation is resolved.").waitFor();
    expect(await violations(chat.frame)).toEqual([]);
    await chat.frame.getByRole("radio", { name: "Excellent" }).check();
    await chat.frame.getByPlaceholder("Would you like to add something?").fill("Quick and kind");
    await chat.frame.getByRole("button", { name: "Send rating" }).click();
    await chat.frame.getByText("Thank you for your rating.").waitFor();
    const { conversation: rated } = await business.ask<any>("GET", `/api/admin/support/conversations/${conversation}`);
    expect(rated.rating).toMatchObject({ score: 5, comment: "Quick and kind" });

    await chat.say("One more thing");
    await chat.frame.getByText("This conversation is resolved.").waitFor({ state: "detached" });
    expect(await chat.texts()).toEqual(["Where is my order?", "On its way: https://acme.test/track?a=1.", "One more thing"]);
    expect(customer.complaints).toEqual([]);
  });

  test("lets the team see that the customer types", async () => {
    const agent = await customer.context.newPage();
    await customer.context.addCookies([business.cookie]);
    await agent.goto(`${server.url}/healthz`);
    await agent.evaluate(() => {
      const heard: string[] = ((window as any).heard = []);
      new WebSocket(`ws://${location.host}/api/admin/support/socket`, ["openchat"]).onmessage = ({ data }) => heard.push(data);
    });
    const chat = await open();
    await chat.say("I am about to type");
    await chat.state("Sent");
    await chat.box.pressSequentially("Hm");
    await agent.waitForFunction(() => (window as any).heard.some((it: string) => /"typing".*"typing":true|"typing":true.*"typing"/.test(it)));
    await chat.box.press("Enter");
    await agent.waitForFunction(() => (window as any).heard.some((it: string) => it.includes('"typing":false')));
  });

  test("is there again on the next page, which counts what is unread", async () => {
    const chat = await open();
    await chat.say("I will be back");
    await chat.state("Sent");
    await customer.page.goto(`${shop.origin}/`);
    await chatFrame(customer.page);
    await business.reply(await business.conversationOf("I will be back"), "Welcome back");
    await customer.page.getByRole("button", { name: "Open chat (1)" }).click();
    const again = new Chat(await chatFrame(customer.page));
    await again.shows("Welcome back");
    await again.shows("I will be back");
    await customer.page.getByRole("button", { name: "Close chat" }).first().waitFor();
    expect(customer.complaints).toEqual([]);
  });

  test("tells who waits their place in line", async () => {
    await business.available("away");
    const chat = await open();
    await chat.frame.getByText("Away right now").waitFor();
    await chat.shows("Nobody is here right now. Leave a message and we will answer as soon as we can.");
    await chat.say("First in line?");
    await chat.frame.getByText(/in line/).first().waitFor();
    await business.available("online");
  });
});

describe("the launcher", () => {
  test("loads nothing before it is opened", async () => {
    const asked: string[] = [];
    customer.page.on("request", (request) => asked.push(request.url()));
    await customer.page.goto(`${shop.origin}/`);
    await launcher().waitFor();
    const ours = asked.filter((url) => url.startsWith(server.url)).map((url) => new URL(url).pathname);
    expect(ours).toEqual(["/widget.js", "/api/webchat/preflight"]);
    expect(asked.every((url) => [server.url, shop.origin, "data:"].some((it) => url.startsWith(it)))).toBe(true);
    expect(await violations(customer.page)).toEqual([]);
    const box = (await launcher().boundingBox())!;
    expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(44);
  });

  test("is used with the keyboard: focus goes in, Esc brings it back", async () => {
    await customer.page.goto(`${shop.origin}/`);
    await launcher().focus();
    expect(await launcher().getAttribute("aria-expanded")).toBe("false");
    await customer.page.keyboard.press("Enter");
    const frame = await chatFrame(customer.page);
    await frame.waitForFunction(() => document.activeElement?.tagName === "TEXTAREA");
    await customer.page.keyboard.press("Escape");
    await customer.page.waitForFunction(() => document.querySelector("openchat-widget")?.shadowRoot?.activeElement?.tagName === "BUTTON");
    expect(await launcher().getAttribute("aria-expanded")).toBe("false");
  });

  test("gives the focus back to what has opened it", async () => {
    shop.put("/own", { head: snippet(server, key), body: `<button id="help">Help</button>` });
    await customer.page.goto(`${shop.origin}/own`);
    await launcher().waitFor();
    await customer.page.evaluate(() => {
      document.querySelector<HTMLElement>("#help")!.onclick = () => (window as any).OpenChat("open");
    });
    await customer.page.locator("#help").focus();
    await customer.page.keyboard.press("Enter");
    const frame = await chatFrame(customer.page);
    await frame.waitForFunction(() => document.activeElement?.tagName === "TEXTAREA");
    await customer.page.keyboard.press("Escape");
    await customer.page.waitForFunction(() => document.activeElement?.id === "help");
  });

  test("stands at the other side where writing goes from right to left", async () => {
    await customer.page.goto(`${shop.origin}/rtl`);
    expect((await launcher().boundingBox())!.x).toBeLessThan(200);
    await customer.page.goto(`${shop.origin}/arabic`);
    await customer.page.getByRole("button", { name: "فتح الدردشة" }).click();
    const frame = await chatFrame(customer.page);
    await frame.getByPlaceholder("اكتب رسالة").waitFor();
    expect(await frame.evaluate(() => [document.documentElement.lang, document.documentElement.dir])).toEqual(["ar", "rtl"]);
    expect(await violations(frame)).toEqual([]);
  });

  test("moves nothing for those who want that", async () => {
    await customer.page.emulateMedia({ reducedMotion: "reduce" });
    const chat = await open();
    const animations = await customer.page.evaluate(
      () => document.querySelector("openchat-widget")!.shadowRoot!.getAnimations().length,
    );
    expect(animations).toBe(0);
    expect(await chat.frame.evaluate(() => document.getAnimations().length)).toBe(0);
  });
});
