/** A call that is handed from one agent to another, while the customer talks on. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { answers, available, calls, Exchange, hears, sees } from "./support/calls";
import { says, saysNot } from "./support/desk";
import type { Person } from "./support/team";

let exchange: Exchange;
let sam: Person;

beforeAll(async () => {
  exchange = await Exchange.open();
  sam = await exchange.ana.colleague("Sam Okafor");
});
afterEach(() => exchange.clear());
afterAll(() => exchange?.close());

test("a colleague is brought in, and has the call when the first agent leaves; the customer is never alone", async () => {
  const { customer, agent } = await exchange.pair();
  await available(sam);
  const colleague = await exchange.desk(sam);
  await calls(customer.page, "Video call");
  await answers(agent.page);
  await sees(customer.page, agent.page);
  const connections = () => customer.page.evaluate(() => (window as any).connections.length as number);
  const before = await connections();
  await agent.page.getByRole("button", { name: "Bring a colleague in" }).click();
  await agent.page.getByRole("option", { name: /Sam Okafor/ }).click();
  await says(agent.page, ".toast", "It rings at Sam Okafor.");
  await says(colleague.page, ".ringing", "A colleague brings you into the call");
  await answers(colleague.page);
  await sees(colleague.page);
  await hears(colleague.page, customer.page, agent.page);
  await says(customer.page, ".tile", "Sam Okafor");
  await agent.page.getByRole("button", { name: "Leave the call" }).click();
  await saysNot(customer.page, ".tile", "Ana Rivera");
  await hears(customer.page, colleague.page);
  await sees(customer.page, colleague.page);
  // By the very connections of the beginning: none of them broke.
  expect(await connections()).toBe(before);
  await agent.page.getByRole("button", { name: "Join the call" }).waitFor();
  await colleague.page.getByRole("button", { name: "Hang up" }).click();
  await says(customer.page, ".call-outcome", "The call is over.");
});

test("an agent who goes offline in a call stays in it", async () => {
  await available(sam, "offline");
  const { customer, agent } = await exchange.pair();
  await calls(customer.page, "Audio call");
  await answers(agent.page);
  await hears(customer.page, agent.page);
  await agent.page.getByLabel("Your availability").selectOption("offline");
  await says(agent.page, ".availability", "Offline");
  await hears(customer.page, agent.page);
  await available(exchange.ana);
});
