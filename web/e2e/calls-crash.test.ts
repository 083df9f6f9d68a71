/** What a call survives: a page that is loaded anew or opened twice, and the death of either server. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { answers, calls, Exchange, hears, type Pair, sees, tap } from "./support/calls";
import { says, until } from "./support/desk";

// Each test starts both servers, and waits for what they take their time to notice.
vi.setConfig({ testTimeout: 120_000 });

let exchange: Exchange;

// A media server that was killed is gone for the others, too.
beforeEach(async () => {
  exchange = await Exchange.open();
});
afterEach(async () => {
  await exchange?.clear();
  await exchange?.close();
});

async function talking(kind: "Audio call" | "Video call"): Promise<Pair> {
  const pair = await exchange.pair();
  await calls(pair.customer.page, kind);
  await answers(pair.agent.page);
  await hears(pair.customer.page, pair.agent.page);
  return pair;
}

test("a page that is loaded anew is in the call again, on either side", async () => {
  const { customer, agent } = await talking("Video call");
  await customer.page.reload();
  await sees(customer.page, agent.page);
  await hears(customer.page, agent.page);
  await agent.page.reload();
  await sees(customer.page, agent.page);
  await hears(customer.page, agent.page);
  await customer.page.getByRole("button", { name: "Hang up" }).click();
  await says(agent.page, ".toast", "The call is over.");
});

test("another tab says where the call is, and takes it over", async () => {
  const { customer, agent } = await talking("Audio call");
  const second = await customer.context.newPage();
  await tap(second);
  // The tab has no session of its own yet, but the browser has.
  await second.goto(customer.page.url());
  await second.getByText("You are in this call in another tab or window.").waitFor();
  await second.getByRole("button", { name: "Move it here" }).click();
  await hears(second, agent.page);
  await customer.page.getByText("You are in this call in another tab or window.").waitFor();
  const desk = await agent.context.newPage();
  await tap(desk);
  await desk.goto(agent.page.url());
  await desk.getByText("You are in the call with Jane in another tab or window.").waitFor();
  await desk.getByRole("button", { name: "Move it here" }).click();
  await hears(second, desk);
  await agent.page.getByText("You are in the call with Jane in another tab or window.").waitFor();
  await desk.getByRole("button", { name: "Hang up" }).click();
  await second.locator(".stage").waitFor({ state: "detached" });
  await customer.page.getByRole("button", { name: "Audio call" }).waitFor();
});

test("a server that is killed in mid-call is not missed, and the call can be hung up when it is back", async () => {
  const { customer, agent, id } = await talking("Video call");
  await exchange.server.stop("SIGKILL");
  await says(agent.page, ".connection", "No connection. Reconnecting…");
  await sees(customer.page, agent.page);
  await hears(customer.page, agent.page);
  await exchange.server.run();
  await agent.page.getByText("No connection. Reconnecting…").waitFor({ state: "detached" });
  await sees(customer.page, agent.page);
  const call = async () => {
    const path = `/api/admin/support/conversations/${id}`;
    return (await exchange.ana.ask<{ conversation: { call: { joined: unknown[] } | null } }>("GET", path)).conversation.call;
  };
  await until(async () => (await call())?.joined.length === 2);
  await agent.page.getByRole("button", { name: "Hang up" }).click();
  await says(customer.page, ".call-outcome", "The call is over.");
  await until(async () => (await call()) === null);
  expect(await agent.page.locator(".dock").count()).toBe(0);
});

test("who hangs up while the server is dead is not kept, and the other side is told when it is back", async () => {
  const { customer, agent } = await talking("Audio call");
  await exchange.server.stop("SIGKILL");
  await customer.page.getByRole("button", { name: "Hang up" }).click();
  await customer.page.locator(".stage").waitFor({ state: "detached" });
  await says(agent.page, ".stage", "Waiting for the others…");
  await exchange.server.run();
  await says(agent.page, ".toast", "The call is over.");
});

test("a media server that is killed ends the call, and both sides are told why", async () => {
  const { customer, agent, chat } = await talking("Video call");
  await exchange.media.kill();
  await says(customer.page, ".stage", "Reconnecting…");
  const why = "The connection to the call service was lost, so the call is over.";
  await customer.page.locator(".call-outcome").getByText(why).waitFor({ timeout: 40_000 });
  await agent.page.locator(".toast").getByText(why).waitFor();
  await customer.page.locator(".stage").waitFor({ state: "detached" });
  await agent.page.locator(".dock").waitFor({ state: "detached" });
  await says(agent.page, ".happening", "The call broke off: the call service was lost");
  await chat.log.getByText("The call broke off").waitFor();
  await calls(customer.page, "Audio call");
  await says(customer.page, ".prejoin", "Calls don’t work at the moment. Try again shortly.");
});
