/** Canned replies: found by a slash, filled with what is known, in step with what the managers save. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Desk, desk, says, saysNot, until } from "./support/desk";
import { OpenChat } from "./support/openchat";
import { Backend, Person } from "./support/team";

let server: OpenChat;
let ana: Person;
let at: Desk;

beforeAll(async () => {
  server = await OpenChat.start();
  ana = await Person.owner(server);
  const backend = await Backend.of(ana);
  const id = await backend.writes({ externalUserId: "c1", name: "Jane Walker" }, "Hello");
  await save("thanks", "Thank you, {{customer.name}}!\n{{agent.name}}, {{business.name}}");
  await save("hello", "Hello {{customer.name}}, how can I help?");
  at = await desk(ana, id);
});

afterAll(async () => {
  await at?.leave();
  await server?.destroy();
});

function save(shortcut: string, text: string): Promise<unknown> {
  return ana.ask("PUT", `/api/business/replies/${shortcut}`, { text });
}

test("a canned reply is found by a slash, chosen by keys, filled and sent", async () => {
  const { page } = at;
  await page.keyboard.press("r");
  await page.keyboard.type("Hi! /");
  await says(page, "#canned li", "/hello");
  await page.keyboard.type("th");
  await saysNot(page, "#canned li", "/hello");
  await page.keyboard.press("Enter");
  await until(async () => (await page.inputValue("textarea")) === "Hi! Thank you, Jane Walker!\nAna Rivera, Acme Outdoor");
  await page.keyboard.press("Enter");
  await says(page, ".ours .bubble", "Thank you, Jane Walker!");
});

test("what managers save and remove is there, and gone, at once", async () => {
  const { page } = at;
  await page.keyboard.type("/");
  await says(page, "#canned li", "/thanks");
  await save("bye", "Good bye!");
  await says(page, "#canned li", "/bye");
  await ana.ask("DELETE", "/api/business/replies/bye");
  await saysNot(page, "#canned li", "/bye");
  await page.keyboard.press("Escape");
  expect(await page.locator("#canned").count()).toBe(0);
  expect(at.complaints).toEqual([]);
});
