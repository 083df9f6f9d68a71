/** A business says which language its pages speak, and when it is there. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
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
  shop = await Shop.open();
  ({ key } = await business.key({ allowedOrigins: [shop.origin] }));
  shop.put("/", { head: snippet(server, key) });
  shop.put("/french", { head: snippet(server, key, 'data-lang="fr"') });
});
afterAll(async () => {
  await shop?.close();
  await server?.destroy();
});
beforeEach(async () => {
  customer = await visitor();
});
afterEach(() => customer.leave());

/** Answers as a server does whose business has chosen this. */
async function chosen(about: { language: string | null; open: boolean; opensAt: string | null }): Promise<void> {
  const { language, open, opensAt } = about;
  await customer.page.route("**/api/webchat/preflight?*", async (route) => {
    const answer = await route.fetch();
    const json = await answer.json();
    json.business.language = language;
    await route.fulfill({ response: answer, json });
  });
  await customer.page.route("**/api/public/support/config", async (route) => {
    const answer = await route.fetch();
    const json = await answer.json();
    Object.assign(json.availability, { open, opensAt });
    await route.fulfill({ response: answer, json: { ...json, language } });
  });
}

test("its language comes before the browser's, and the website's before both", async () => {
  await chosen({ language: "es", open: true, opensAt: null });
  await customer.page.goto(shop.origin);
  await customer.page.getByRole("button", { name: "Abrir el chat" }).click();
  const frame = await chatFrame(customer.page);
  await frame.getByPlaceholder("Escribe un mensaje").waitFor();
  expect(await frame.evaluate(() => document.documentElement.lang)).toBe("es");
  await customer.page.goto(`${shop.origin}/french`);
  await customer.page.getByRole("button", { name: "Ouvrir le chat" }).click();
  await (await chatFrame(customer.page)).getByPlaceholder("Écrivez un message").waitFor();
});

test("the chat by itself speaks it too", async () => {
  await chosen({ language: "ar", open: true, opensAt: null });
  const { key: anywhere } = await business.key({ originMode: "hotspot" });
  await customer.page.goto(`${server.url}/webchat?key=${anywhere}`);
  await customer.page.getByPlaceholder("اكتب رسالة").waitFor();
  expect(await customer.page.evaluate(() => document.documentElement.dir)).toBe("rtl");
});

test("outside its hours it says when it is back", async () => {
  await business.available("online");
  const opensAt = new Date(Date.now() + 3 * 86_400_000).toISOString();
  await chosen({ language: null, open: false, opensAt });
  await customer.page.goto(shop.origin);
  await customer.page.getByRole("button", { name: "Open chat" }).click();
  const chat = new Chat(await chatFrame(customer.page));
  const weekday = new Intl.DateTimeFormat("en", { weekday: "long" }).format(new Date(opensAt));
  await chat.frame.locator("header").getByText(new RegExp(`We’re back ${weekday}`)).waitFor();
  await chat.log.getByText(new RegExp(`Nobody is here right now.*We’re back ${weekday}`, "s")).waitFor();
  expect(await violations(chat.frame)).toEqual([]);
});
