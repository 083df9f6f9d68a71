/** Calls on a real media server, in two real browsers: what one side sends really arrives at the other. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Visitor, visitor } from "./support/browser";
import { DEVICES, hears, sees, tap } from "./support/calls";
import { Chat } from "./support/chat";
import { type Desk, desk, says, saysNot, until } from "./support/desk";
import { Media } from "./support/media";
import { OpenChat } from "./support/openchat";
import { Backend, Person } from "./support/team";

let media: Media;
let server: OpenChat;
let ana: Person;
let backend: Backend;
const open: Visitor[] = [];

beforeAll(async () => {
  media = await Media.start();
  server = await OpenChat.start([], media.settings);
  ana = await Person.owner(server);
  backend = await Backend.of(ana);
  await ana.ask("PUT", "/api/admin/support/me/availability", { availability: "online" });
});

afterEach(async () => {
  for (const one of open.splice(0)) await one.leave();
});

afterAll(async () => {
  await server?.destroy();
  await media?.kill();
});

let customers = 0;

/** A customer at the page of a support link, who has said something, and the agent at the conversation. */
async function both(): Promise<{ customer: Visitor; agent: Desk; chat: Chat; id: string }> {
  const externalUserId = `caller${++customers}`;
  const link = await backend.link({ externalUserId, name: "Jane" });
  const customer = await visitor({}, DEVICES);
  open.push(customer);
  await tap(customer.page);
  await customer.page.goto(link);
  const chat = new Chat(customer.page);
  await chat.say("Hello");
  await chat.state("Sent");
  const id = await until(() => ana.conversationOf(externalUserId));
  const agent = await desk(ana, id, {}, DEVICES);
  open.push(agent);
  await tap(agent.page);
  await agent.page.reload();
  await agent.page.waitForSelector(".talk-header h2");
  return { customer, agent, chat, id };
}

async function calls(customer: Visitor, kind: "Audio call" | "Video call"): Promise<void> {
  await customer.page.getByRole("button", { name: kind }).click();
  await customer.page.getByRole("button", { name: "Start the call" }).click();
}

test("customer and agent see and hear each other", async () => {
  const { customer, agent } = await both();
  await calls(customer, "Video call");
  await says(agent.page, ".ringing", "Jane is calling");
  await until(async () => (await agent.page.title()) === "Jane is calling");
  await agent.page.getByRole("button", { name: "Answer" }).click();
  await Promise.all([sees(customer.page), sees(agent.page)]);
  await Promise.all([hears(customer.page), hears(agent.page)]);
  await saysNot(agent.page, ".ringing", "Jane");
  await customer.page.getByRole("button", { name: "Hang up" }).click();
  await agent.page.locator(".dock").waitFor({ state: "detached" });
  await says(agent.page, ".toast", "The call is over.");
  expect([...customer.complaints, ...agent.complaints]).toEqual([]);
});
