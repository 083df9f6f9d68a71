/** A call that nobody has taken yet: where it rings, who won't take it, and what stands in its way. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { violations } from "./support/axe";
import { answers, available, calls, Exchange, hears } from "./support/calls";
import { says, saysNot, until } from "./support/desk";
import { OpenChat } from "./support/openchat";
import { Backend, Person } from "./support/team";

let exchange: Exchange;
let sam: Person;

beforeAll(async () => {
  exchange = await Exchange.open();
  sam = await exchange.ana.colleague("Sam Okafor");
});
afterEach(() => exchange.clear());
afterAll(() => exchange?.close());

test("a call that is declined rings at the colleagues, and where it is answered it ends to ring everywhere", async () => {
  const { customer, agent } = await exchange.pair();
  await available(sam);
  const colleague = await exchange.desk(sam);
  const another = await exchange.desk(exchange.ana);
  await calls(customer.page, "Audio call");
  await says(customer.page, ".stage", "Calling Ana Rivera…");
  await says(agent.page, ".ringing", "Jane is calling");
  await says(another.page, ".ringing", "Jane is calling");
  expect(await colleague.page.locator(".ringing section").count()).toBe(0);
  expect(await violations(agent.page)).toEqual([]);
  await agent.page.locator(".talk-header h2").focus();
  await agent.page.keyboard.press("d");
  await says(colleague.page, ".ringing", "Jane is calling");
  await saysNot(agent.page, ".ringing", "Jane");
  await says(agent.page, ".happening", "Ana Rivera declined the call");
  await colleague.page.keyboard.press("y");
  await hears(customer.page, colleague.page);
  await saysNot(another.page, ".ringing", "Jane");
  await saysNot(colleague.page, ".ringing", "Jane");
  // What comes in later is Ana's alone.
  await available(sam, "offline");
});

test("a customer may decline the team's call, and whoever called is told", async () => {
  const { customer, agent, chat } = await exchange.pair();
  await agent.page.keyboard.press("v");
  await agent.page.keyboard.press("v");
  const ringing = customer.page.getByRole("alertdialog");
  await ringing.getByText("Ana Rivera is calling").waitFor();
  expect(await violations(customer.page)).toEqual([]);
  await ringing.getByRole("button", { name: "Decline" }).click();
  await says(agent.page, ".toast", "The call was declined.");
  await says(agent.page, ".happening", "The call was declined");
  await ringing.waitFor({ state: "detached" });
  await chat.log.getByText("Call declined").waitFor();
});

test("a call that nobody answers in time is missed, and both sides are told", async () => {
  const server = await OpenChat.start([], { ...exchange.media.settings, OC_CALL_RING_SECONDS: "3" });
  try {
    const owner = await Person.owner(server);
    await available(owner);
    const link = await (await Backend.of(owner)).link({ externalUserId: "late", name: "Jane" });
    const { customer, chat } = await exchange.customerAt(link);
    await until(() => owner.conversationOf("late"));
    const agent = await exchange.desk(owner, await owner.conversationOf("late"), {}, server.url);
    await calls(customer.page, "Audio call");
    await says(agent.page, ".ringing", "Jane is calling");
    await says(customer.page, ".call-outcome", "Nobody could answer.");
    await saysNot(agent.page, ".ringing", "Jane");
    await says(agent.page, ".happening", "The call was not answered");
    await chat.log.getByText("Missed call").waitFor();
    await customer.page.reload();
    await chat.log.getByText("Missed call").waitFor();
    await customer.page.getByRole("button", { name: "Audio call" }).waitFor();
    await agent.page.getByRole("button", { name: "Video call" }).click();
    await says(agent.page, ".toast", "The call was not answered.");
  } finally {
    await exchange.clear();
    await server.destroy();
  }
});

test("before a call the customer sees whether the devices work, and hangs up while it rings", async () => {
  const { customer, agent } = await exchange.pair();
  await customer.page.getByRole("button", { name: "Video call" }).click();
  await customer.page.getByText("Your microphone works.").waitFor();
  await until(() => customer.page.locator("video.own").evaluate((it: HTMLVideoElement) => it.videoWidth > 0));
  await until(async () => Number(await customer.page.locator(".level i").evaluate((it) => (it as HTMLElement).style.getPropertyValue("--level"))) > 0);
  expect(await violations(customer.page)).toEqual([]);
  await customer.page.getByRole("button", { name: "Cancel" }).click();
  await customer.page.locator(".prejoin").waitFor({ state: "detached" });
  expect(await agent.page.locator(".ringing section").count()).toBe(0);
  await calls(customer.page, "Video call");
  await says(agent.page, ".ringing", "Jane is calling");
  await customer.page.getByRole("button", { name: "Hang up" }).click();
  await saysNot(agent.page, ".ringing", "Jane");
  await says(agent.page, ".happening", "The call ended before it was answered");
  await customer.page.getByRole("button", { name: "Video call" }).waitFor();
});

test("who may not use the microphone is told how, and may go on without", async () => {
  const blocked = ["--use-fake-device-for-media-stream", "--deny-permission-prompts"];
  const { customer, id } = await exchange.customer(blocked);
  const agent = await exchange.desk(exchange.ana, id);
  await customer.page.getByRole("button", { name: "Audio call" }).click();
  await customer.page.getByText("Your browser blocks the microphone.").waitFor();
  expect(await violations(customer.page)).toEqual([]);
  await customer.page.getByRole("button", { name: "Go on without a microphone" }).click();
  await answers(agent.page);
  await hears(customer.page);
  await says(agent.page, ".tile:not(.me)", "Muted");
});

test("who has no device is told so", async () => {
  const { customer } = await exchange.customer(["--use-fake-ui-for-media-stream"]);
  await customer.page.getByRole("button", { name: "Video call" }).click();
  await customer.page.getByText("No microphone was found. Plug one in, then try again.").waitFor();
});

test("who has no camera is heard without being seen", async () => {
  const { customer, id } = await exchange.customer();
  const agent = await exchange.desk(exchange.ana, id);
  await customer.page.evaluate(() => {
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (wanted) =>
      wanted?.video ? Promise.reject(new DOMException("", "NotFoundError")) : real(wanted);
  });
  await customer.page.getByRole("button", { name: "Video call" }).click();
  await customer.page.getByText("No camera was found. The others hear you and don’t see you.").waitFor();
  await customer.page.getByRole("button", { name: "Start the call" }).click();
  await answers(agent.page);
  await hears(agent.page);
  expect(await agent.page.locator(".tile:not(.me) video").count()).toBe(0);
});

test("without a media server no page offers a call", async () => {
  const server = await OpenChat.start();
  try {
    const owner = await Person.owner(server);
    const link = await (await Backend.of(owner)).link({ externalUserId: "quiet", name: "Jane" });
    const { customer } = await exchange.customerAt(link);
    const agent = await exchange.desk(owner, await until(() => owner.conversationOf("quiet")), {}, server.url);
    await customer.page.getByRole("button", { name: "Attach a file" }).waitFor();
    await agent.page.locator(".talk-header").getByRole("button", { name: "Assign" }).waitFor();
    for (const page of [customer.page, agent.page]) {
      expect(await page.getByRole("button", { name: /call/i }).count()).toBe(0);
    }
  } finally {
    await exchange.clear();
    await server.destroy();
  }
});
