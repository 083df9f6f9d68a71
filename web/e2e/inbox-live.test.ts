/** What happens while somebody looks: customers who write, colleagues at the same conversation, a server that dies. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Desk, desk, says, saysNot, until } from "./support/desk";
import { OpenChat } from "./support/openchat";
import { Backend, Person } from "./support/team";

let server: OpenChat;
let ana: Person;
let sam: Person;
let backend: Backend;
const open: Desk[] = [];

beforeAll(async () => {
  server = await OpenChat.start();
  ana = await Person.owner(server);
  sam = await ana.colleague("Sam Okafor");
  backend = await Backend.of(ana);
});

afterEach(async () => {
  for (const one of open.splice(0)) await one.leave();
});

afterAll(() => server?.destroy());

async function at(person: Person, conversation?: string): Promise<Desk> {
  const it = await desk(person, conversation);
  open.push(it);
  return it;
}

let customers = 0;
const customer = (name: string) => ({ externalUserId: `live${++customers}`, name });

/** What was said in a conversation, as the server has it. */
async function said(id: string): Promise<string[]> {
  const path = `/api/admin/support/conversations/${id}/messages`;
  return (await ana.ask<{ data: { text: string }[] }>("GET", path)).data.map((it) => it.text);
}

test("what a customer writes appears at once, is counted, and is read when it is seen", async () => {
  const id = await backend.writes(customer("Jane"), "Hello?");
  await ana.act(id, "assign", { agentId: ana.id });
  const { page, complaints } = await at(ana);
  await says(page, ".row.unread", "Hello?");
  await until(async () => (await page.title()).startsWith("(1)"));
  expect(await page.getAttribute('link[rel="icon"]', "href")).toContain("data:image/svg+xml");
  await page.click(".row");
  await says(page, ".bubble", "Hello?");
  await until(async () => !(await page.title()).startsWith("("));
  expect(await page.getAttribute('link[rel="icon"]', "href")).toContain("/assets/");
  await backend.goesOn(id, "Is anybody there?");
  await says(page, ".bubble", "Is anybody there?");
  await says(page, ".row:not(.unread) .said", "Is anybody there?");
  await until(async () => {
    const { conversation } = await ana.ask<{ conversation: { unread: boolean } }>("GET", `/api/admin/support/conversations/${id}`);
    return !conversation.unread;
  });
  expect(complaints).toEqual([]);
});

test("an agent who manages nothing sees what happened to a conversation too, with the reasons", async () => {
  const id = await backend.writes(customer("Noa"), "Who had this before?");
  await ana.act(id, "assign", { agentId: ana.id });
  await ana.act(id, "assign", { agentId: sam.id });
  const { lines } = await at(sam, id);
  await until(async () => (await lines()).some((it) => it.startsWith("Ana Rivera assigned Sam Okafor")));
  const told = await lines();
  expect(told.findIndex((it) => it.startsWith("Noa began"))).toBe(0);
  expect(told.some((it) => it.startsWith("Ana Rivera took the conversation"))).toBe(true);
});

test("of two who reach for a conversation one gets it, and the other is told who has it", async () => {
  const id = await backend.writes(customer("Omar"), "Who is first?");
  const first = await at(ana, id);
  const second = await at(sam, id);
  // Ana's request is on its way while Sam's is carried out: she sees what she wished until she is told.
  await first.page.route("**/assign", async (route) => {
    await sam.act(id, "assign", { agentId: sam.id });
    await route.continue();
  });
  await first.page.getByRole("button", { name: "Take it" }).click();
  await says(first.page, ".toast", "Sam Okafor has this conversation already.");
  await says(first.page, ".state", "Assigned to Sam Okafor");
  await says(second.page, ".state", "Assigned to You");
  await says(second.page, ".happening", "Sam Okafor took the conversation");
});

test("colleagues and customers are seen typing, in the list too, and not while they write a note", async () => {
  const who = customer("Kenji");
  const id = await backend.writes(who, "I am here.");
  const token = await backend.session(who);
  const one = await at(ana, id);
  const other = await at(sam, id);
  await one.page.keyboard.press("g");
  await one.page.keyboard.press("u");
  await other.page.fill("textarea", "I think");
  await says(one.page, ".typing-line", "Sam Okafor is typing…");
  await says(one.page, ".row .typing", "Sam Okafor is typing…");
  await other.page.keyboard.press("Enter");
  await says(one.page, ".bubble", "I think");
  await saysNot(one.page, ".typing-line", "typing");
  await other.page.getByRole("button", { name: "Note" }).first().click();
  await other.page.fill("textarea", "Between us");
  const answer = await fetch(`${server.url}/api/webchat/typing`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ typing: true }),
  });
  expect(await answer.json()).toEqual({ success: true });
  await says(one.page, ".typing-line", "Kenji is typing…");
  expect(await one.page.innerText(".typing-line")).not.toContain("Sam");
});

test("who looks at the same conversation is seen, in the list too, until they go", async () => {
  const id = await backend.writes(customer("Tom"), "Anybody?");
  const one = await at(ana, id);
  await one.page.keyboard.press("g");
  await one.page.keyboard.press("u");
  const other = await at(sam, id);
  await says(one.page, ".viewers", "Sam Okafor is here");
  await says(one.page, ".row .eye", "Sam Okafor");
  await says(other.page, ".viewers", "Ana Rivera is here");
  await other.page.keyboard.press("u");
  await saysNot(one.page, ".viewers", "Sam Okafor");
});

test("a command that the server can't take now is shown at once and carried out later", async () => {
  const id = await backend.writes(customer("Ines"), "Please help.");
  const { page } = await at(ana, id);
  let broken = 2;
  await page.route("**/resolve", (route) => (broken-- > 0 ? route.abort() : route.continue()));
  await page.getByRole("button", { name: "Resolve", exact: true }).click();
  await says(page, ".state", "Resolved");
  await until(async () => {
    const { conversation } = await ana.ask<{ conversation: { status: string } }>("GET", `/api/admin/support/conversations/${id}`);
    return conversation.status === "resolved";
  });
  await says(page, ".happening", "Ana Rivera resolved the conversation");
  await page.getByRole("button", { name: "Undo" }).click();
  await says(page, ".state", "Assigned to You");
});

test("a server that is killed in mid-conversation loses and doubles nothing", async () => {
  const id = await backend.writes(customer("Priya"), "One");
  const one = await at(ana, id);
  await one.page.keyboard.press("r");
  const write = async (text: string) => {
    await one.page.keyboard.type(text);
    await one.page.keyboard.press("Enter");
  };
  await write("Two");
  await until(async () => (await said(id)).length === 2);
  await server.stop("SIGKILL");
  await write("Three");
  await one.page.keyboard.press("Escape");
  await one.page.keyboard.press("n");
  await write("Four, a note");
  await one.page.keyboard.press("Escape");
  await one.page.keyboard.press("r");
  await write("Five");
  await says(one.page, ".connection", "No connection");
  await server.run();
  await until(async () => (await said(id)).length === 5);
  await saysNot(one.page, ".connection", "No connection");
  await backend.goesOn(id, "Six");
  await says(one.page, ".bubble", "Six");
  const all = ["One", "Two", "Three", "Four, a note", "Five", "Six"];
  expect(await said(id)).toEqual(all);
  expect(await one.page.locator(".log .bubble").allInnerTexts()).toEqual(all);
  await until(async () => (await one.page.locator(".foot").count()) === 0);
});
