/** Where the widget may not run: one clear line in the console, and the same in the frame. */
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
let customer: Visitor;

beforeAll(async () => {
  server = await OpenChat.start();
  business = await Business.setUp(server);
  shop = await Shop.open();
});
afterAll(async () => {
  await shop?.close();
  await server?.destroy();
});
beforeEach(async () => {
  customer = await visitor();
});
afterEach(() => customer.leave());

/** Shows a page with the widget, and opens it. */
async function open(origin: string, key: string, page: Parameters<Shop["put"]>[1] = {}): Promise<Chat> {
  shop.put("/", { head: snippet(server, key), ...page });
  await customer.page.goto(origin);
  await customer.page.getByRole("button", { name: "Open chat" }).click();
  return new Chat(await chatFrame(customer.page));
}

const ours = () => customer.complaints.filter((it) => it.startsWith("OpenChat:"));

describe("a key that doesn't work", () => {
  const mistyped = (key: string) => key.slice(0, -1) + (key.endsWith("a") ? "b" : "a");
  test.each([
    ["only its prefix", "api_key_prefix_only", async () => (await business.key({})).integrationKey.prefix],
    ["mistyped", "api_key_mistyped", async () => mistyped((await business.key({})).key)],
    ["no key at all", "missing_api_key", async () => ""],
    [
      "revoked",
      "api_key_revoked",
      async () => {
        const { key, integrationKey } = await business.key({ originMode: "hotspot" });
        await business.ask("DELETE", `/api/business/keys/${integrationKey.id}`);
        return key;
      },
    ],
    [
      "without the permission",
      "permission_missing",
      async () => (await business.key({ originMode: "hotspot", permissions: ["support:write"] })).key,
    ],
    ["of another website", "origin_not_allowed", async () => (await business.key({ allowedOrigins: ["https://acme.test"] })).key],
  ])("%s", async (_, code, key) => {
    const chat = await open(shop.origin, await key());
    await chat.frame.getByRole("heading", { name: "The chat can’t be shown here" }).waitFor();
    await chat.frame.getByText(code, { exact: true }).waitFor();
    expect(ours()).toHaveLength(1);
    const said = ours()[0]!.slice("OpenChat: ".length);
    expect(said.length).toBeGreaterThan(30);
    const shown = await chat.frame.getByRole("alert").textContent();
    // Without a key the frame says where it goes, the console how it is sent.
    if (code !== "missing_api_key") expect(shown).toContain(said);
    expect(await violations(chat.frame)).toEqual([]);
    await chat.frame.getByRole("button", { name: "Close chat" }).click();
    await customer.page.getByRole("button", { name: "Open chat" }).waitFor();
  });

  test("tells the website's own handler too", async () => {
    const { key } = await business.key({ allowedOrigins: ["https://acme.test"] });
    shop.put("/", { head: snippet(server, key) });
    await customer.page.addInitScript(() => {
      const page = window as any;
      page.OpenChat = (...call: unknown[]) => page.OpenChat.q.push(call);
      page.OpenChat.q = [["on", "error", (detail: unknown) => (page.wrong = detail)]];
    });
    await customer.page.goto(shop.origin);
    await customer.page.waitForFunction(() => (window as any).wrong);
    expect(await customer.page.evaluate(() => (window as any).wrong)).toMatchObject({ code: "origin_not_allowed" });
  });
});

describe("a key for everywhere", () => {
  test("works on a page at an IP address", async () => {
    const { key } = await business.key({ originMode: "hotspot" });
    const chat = await open(shop.address, key);
    await chat.say("Hello from a hotspot");
    await chat.state("Sent");
    expect(customer.complaints).toEqual([]);
  });
});

describe("a page with a strict policy", () => {
  test("runs the widget with a nonce and one host", async () => {
    const { key } = await business.key({ allowedOrigins: [shop.origin] });
    const policy =
      `default-src 'none'; script-src 'nonce-abc123'; connect-src ${server.url}; frame-src ${server.url}; ` +
      `img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'`;
    const chat = await open(shop.origin, key, {
      head: snippet(server, key, 'nonce="abc123"'),
      headers: { "content-security-policy": policy },
    });
    await chat.say("Hello from a strict page");
    await chat.state("Sent");
    await business.reply(await business.conversationOf("Hello from a strict page"), "Hello there");
    await chat.shows("Hello there");
    expect(customer.complaints).toEqual([]);
  });
});
