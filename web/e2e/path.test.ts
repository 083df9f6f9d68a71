/** The whole path between two browsers: a business begins, its website has the widget, a customer asks, the agent answers. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { chatFrame, type Visitor, visitor } from "./support/browser";
import { Chat } from "./support/chat";
import { says } from "./support/desk";
import { OpenChat } from "./support/openchat";
import { Shop } from "./support/shop";

let server: OpenChat;
let shop: Shop;
let agent: Visitor;
let customer: Visitor;

beforeAll(async () => {
  [server, shop, agent, customer] = await Promise.all([OpenChat.start(), Shop.open(), visitor(), visitor()]);
});

afterAll(async () => {
  await agent?.leave();
  await customer?.leave();
  await shop?.close();
  await server?.destroy();
});

test("from signing up to a rating, with nothing but two browsers", async () => {
  const { page } = agent;
  await page.goto(`${server.url}/sign-up`);
  await page.getByLabel("Your name").fill("Ana Rivera");
  await page.getByLabel("E-mail address").fill("ana@path.test");
  await page.getByLabel("Password").fill("a long enough password");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/setup");
  await page.getByLabel("Name of the business").fill("Acme Outdoor");
  await page.getByLabel("Website").fill(shop.origin);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/portal");
  await page.goto(`${server.url}/portal/widget`);
  await page.getByRole("button", { name: "Make the key" }).click();
  const snippet = page.locator(".installed code").filter({ hasText: "oc_live_" }).filter({ hasNotText: "…" });
  shop.put("/", { body: (await snippet.textContent())! });

  // The agent is there, with the inbox open.
  await page.goto(`${server.url}/inbox`);
  await page.waitForSelector(".rows[aria-busy=false]");
  await page.getByRole("combobox").selectOption("online");

  await customer.page.goto(shop.origin);
  await customer.page.getByRole("button", { name: "Open chat" }).click();
  const chat = new Chat(await chatFrame(customer.page));
  await chat.say("Does the tent stand in snow?");
  await chat.state("Sent");

  await page.locator(".row").filter({ hasText: "Does the tent stand in snow?" }).click();
  await says(page, ".bubble", "Does the tent stand in snow?");
  await chat.state("Seen");
  await chat.frame.getByText("Ana Rivera is helping you").waitFor();

  // Each sees the other type.
  const answer = page.locator(".composer textarea, form textarea").last();
  await answer.pressSequentially("Up to");
  await chat.frame.getByText("Ana Rivera is typing…").waitFor();
  await answer.fill("Up to 20 cm.");
  await answer.press("Enter");
  await chat.shows("Up to 20 cm.");
  await chat.box.pressSequentially("Great");
  await says(page, ".typing-line", "typing…");
  await chat.box.fill("Great, thank you!");
  await chat.box.press("Enter");
  await says(page, ".bubble", "Great, thank you!");

  await page.getByRole("button", { name: "Resolve", exact: true }).click();
  await chat.frame.getByText("This conversation is resolved.").waitFor();
  await chat.frame.getByRole("radio", { name: "Excellent" }).check();
  await chat.frame.getByRole("button", { name: "Send rating" }).click();
  await chat.frame.getByText("Thank you for your rating.").waitFor();
  await says(page, ".happening", "5");
  expect(await chat.texts()).toEqual(["Does the tent stand in snow?", "Up to 20 cm.", "Great, thank you!"]);

  // The launch has ticked itself off meanwhile, but for a handoff and a call.
  await page.goto(`${server.url}/portal/launch`);
  for (const step of ["keyMade", "snippetSeen", "firstConversation", "agentOnline", "firstReply"]) {
    await page.waitForSelector(`[data-step=${step}].done`);
  }
  expect(customer.complaints).toEqual([]);
  expect(agent.complaints).toEqual([]);
}, 90_000);
