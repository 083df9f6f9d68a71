/** An agent's whole path through the inbox, with nothing but a keyboard. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Desk, desk, says, saysNot, until } from "./support/desk";
import { OpenChat } from "./support/openchat";
import { Backend, Person } from "./support/team";

interface Seen {
  status: string;
  assignee: { name: string } | null;
  priority: string;
  tags: string[];
  messages: { kind: string; text: string }[];
}

let server: OpenChat;
let ana: Person;
let sam: Person;
let backend: Backend;
let at: Desk;

beforeAll(async () => {
  server = await OpenChat.start();
  ana = await Person.owner(server);
  sam = await ana.colleague("Sam Okafor");
  backend = await Backend.of(ana);
});

afterAll(async () => {
  await at?.leave();
  await server?.destroy();
});

async function conversation(id: string): Promise<Seen> {
  return (await ana.ask<{ conversation: Seen }>("GET", `/api/admin/support/conversations/${id}`)).conversation;
}

test("an agent works a conversation through with the keyboard alone", async () => {
  const omar = { externalUserId: "c2", name: "Omar Haddad" };
  const jane = { externalUserId: "c1", name: "Jane Walker", email: "jane@example.com", metadata: { plan: "pro" } };
  await backend.writes(omar, "Can I change the size?");
  const id = await backend.writes(jane, "My parcel has not arrived.", "Order 4711");
  at = await desk(ana);
  const { page } = at;
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const dialog = () => page.waitForSelector("dialog[open]");
  const closed = () => page.waitForSelector("dialog", { state: "detached" });

  // To the waiting ones, down to Jane, and in.
  await press("g", "u");
  await says(page, ".row", "Jane Walker");
  await page.waitForFunction(() => document.activeElement?.matches(".row"));
  expect(await page.evaluate(() => document.activeElement?.textContent)).toContain("Jane Walker");
  await press("j");
  await page.waitForFunction(() => document.activeElement?.textContent?.includes("Omar"));
  await press("k", "Enter");
  await says(page, ".bubble", "My parcel has not arrived.");
  expect(page.url()).toBe(`${server.url}/inbox/${id}`);
  await says(page, ".panel dd", "pro");

  await press("c");
  await says(page, ".state", "Assigned to You");
  await says(page, ".happening", "Ana Rivera took the conversation");
  await until(async () => (await conversation(id)).assignee?.name === "Ana Rivera");

  // It has left the waiting ones.
  await saysNot(page, ".row", "Jane Walker");
  await press("g", "m");
  await says(page, ".row", "Jane Walker");
  await press("r");
  await page.keyboard.type("Let me look that up.");
  await press("Shift+Enter");
  await page.keyboard.type("One moment.");
  await press("Enter");
  await says(page, ".ours .bubble", "One moment.");
  await says(page, ".row .said", "You: Let me look that up.");
  await press("Escape", "n");
  await page.keyboard.type("The carrier lost it.");
  await press("Enter");
  await says(page, ".note .bubble", "The carrier lost it.");
  await press("Escape");

  await press("t");
  await dialog();
  await page.keyboard.type("shipping");
  await press("Enter");
  await says(page, "dialog [aria-selected=true]", "shipping");
  await press("Escape");
  await closed();
  await press("p");
  await dialog();
  await press("ArrowUp", "ArrowUp", "Enter");
  await closed();
  await says(page, ".mark", "Urgent");

  await press("s");
  await dialog();
  await press("Enter");
  await says(page, ".state", "Snoozed until");
  await press("e");
  await says(page, ".state", "Resolved");
  await until(async () => (await conversation(id)).status === "resolved");
  await press("e");
  await says(page, ".state", "Assigned to You");

  await press("a");
  await dialog();
  await page.keyboard.type("sam");
  await press("Enter");
  await says(page, ".state", "Assigned to Sam Okafor");
  await says(page, ".happening", "Ana Rivera assigned Sam Okafor");

  const seen = await until(async () => {
    const now = await conversation(id);
    return now.assignee?.name === sam.name && now;
  });
  expect(seen).toMatchObject({ status: "open", priority: "urgent", tags: ["shipping"] });
  expect(seen.messages.map((it) => [it.kind, it.text])).toEqual([
    ["message", "My parcel has not arrived."],
    ["message", "Let me look that up.\nOne moment."],
    ["note", "The carrier lost it."],
  ]);

  // The next one, by the queue.
  await press("x");
  await says(page, ".talk-header h2", "Omar Haddad");
  await says(page, ".state", "Assigned to You");
  await press("u");
  await says(page, ".talk-column", "No conversation open");
  expect(at.complaints).toEqual([]);
});

test("the palette and the list of shortcuts find everything", async () => {
  const { page } = at;
  await page.keyboard.press("?");
  await says(page, "dialog h2", "Keyboard shortcuts");
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
  await page.keyboard.press("Control+k");
  await page.keyboard.type("go to all");
  await page.keyboard.press("Enter");
  await says(page, ".list-column h2", "All");
  await page.keyboard.press("/");
  await page.keyboard.type("jane 4711");
  await saysNot(page, ".row", "Omar");
  await says(page, ".row", "Jane Walker");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.matches(".row"));
  await page.keyboard.press("Enter");
  await says(page, ".talk-header h2", "Jane Walker");
});

test("a draft survives a change of conversation and a reload", async () => {
  const { page } = at;
  const address = page.url();
  await page.keyboard.press("r");
  await page.keyboard.type("Dear Jane, I have");
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("m");
  await says(page, ".row", "Omar Haddad");
  await page.keyboard.press("Enter");
  await says(page, ".talk-header h2", "Omar Haddad");
  expect(await page.inputValue("textarea")).toBe("");
  await page.goto(address);
  await page.reload();
  await says(page, ".talk-header h2", "Jane Walker");
  expect(await page.inputValue("textarea")).toBe("Dear Jane, I have");
  expect(at.complaints).toEqual([]);
});

test("single keys can be turned off, and the choice is kept", async () => {
  const { page } = at;
  await page.keyboard.press(",");
  await page.getByRole("switch", { name: /Single-key/ }).uncheck();
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
  await page.keyboard.press("?");
  await page.keyboard.press("Control+k");
  await says(page, "dialog li", "Next in the list");
  expect(await page.locator("dialog").count()).toBe(1);
  await page.keyboard.type("preferences");
  await page.keyboard.press("Enter");
  await page.getByRole("switch", { name: /Single-key/ }).check();
  await page.keyboard.press("Escape");
});

test("whoever isn't signed in, or has no business yet, is sent where that is done", async () => {
  const stranger = await desk(ana, undefined).then(async (it) => {
    await it.context.clearCookies();
    return it;
  });
  await stranger.page.goto(`${server.url}/inbox?lang=en`);
  await stranger.page.waitForURL(/\/sign-in\?next=%2Finbox%3Flang%3Den$/);
  const email = "new@acme.test";
  await stranger.context.request.post(`${server.url}/api/auth/sign-up`, {
    data: { name: "New Person", email, password: "a long enough password" },
  });
  await stranger.page.goto(`${server.url}/inbox`);
  await stranger.page.waitForURL(/\/setup$/);
  await stranger.leave();
});
