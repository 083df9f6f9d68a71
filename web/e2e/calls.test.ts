/** Calls on a real media server, in two real browsers: what one side sends really arrives at the other. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { answers, calls, Exchange, hears, received, sees } from "./support/calls";
import { says, saysNot, until } from "./support/desk";

let exchange: Exchange;

beforeAll(async () => {
  exchange = await Exchange.open();
});
afterEach(() => exchange.clear());
afterAll(() => exchange?.close());

test("customer and agent see and hear each other, and the customer hangs up", async () => {
  const { customer, agent, chat } = await exchange.pair();
  await calls(customer.page, "Video call");
  await says(agent.page, ".ringing", "Jane is calling");
  await until(async () => (await agent.page.title()) === "Jane is calling");
  await answers(agent.page);
  await sees(customer.page, agent.page);
  await hears(customer.page, agent.page);
  await saysNot(agent.page, ".ringing", "Jane");
  await until(async () => (await agent.page.title()) !== "Jane is calling");
  await says(customer.page, ".duration", /^00:\d\d$/);
  await says(customer.page, ".tile:not(.me) figcaption", "Ana Rivera");
  await customer.page.getByRole("button", { name: "Hang up" }).click();
  await agent.page.locator(".dock").waitFor({ state: "detached" });
  await says(agent.page, ".toast", "The call is over.");
  await says(agent.page, ".happening", "A video call began");
  await says(agent.page, ".happening", "Ana Rivera answered the call");
  await says(agent.page, ".happening", /The call ended after 00:\d\d/);
  await chat.log.getByText(/Call ended · 00:\d\d/).waitFor();
  expect([...customer.complaints, ...agent.complaints]).toEqual([]);
});

test("an audio call has no pictures until one side makes it a video call, and the other decides about its own", async () => {
  const { customer, agent } = await exchange.pair();
  await calls(customer.page, "Audio call");
  await answers(agent.page);
  await hears(customer.page, agent.page);
  expect((await received(agent.page)).frames + (await received(customer.page)).frames).toBe(0);
  expect(await customer.page.locator("video").count()).toBe(0);
  await agent.page.getByRole("button", { name: "Make it a video call" }).click();
  await sees(customer.page);
  await says(customer.page, ".offer", "Ana Rivera turned this into a video call. Your camera is off.");
  expect((await received(agent.page)).frames).toBe(0);
  await customer.page.locator(".offer").getByRole("button", { name: "Turn the camera on" }).click();
  await sees(agent.page, customer.page);
  await saysNot(customer.page, ".offer", "Ana");
  await says(agent.page, ".happening", "Ana Rivera made it a video call");
  await agent.page.getByRole("button", { name: "Hang up" }).click();
  await says(customer.page, ".call-outcome", "The call is over.");
  await customer.page.locator(".stage").waitFor({ state: "detached" });
  expect([...customer.complaints, ...agent.complaints]).toEqual([]);
});

test("what one side turns off does not arrive, and says so", async () => {
  const { customer, agent } = await exchange.pair();
  await calls(customer.page, "Video call");
  await answers(agent.page);
  await sees(agent.page);
  await customer.page.getByRole("button", { name: "Mute", exact: true }).click();
  await customer.page.getByRole("button", { name: "Unmute" }).waitFor();
  await says(agent.page, ".tile:not(.me)", "Muted");
  await agent.page.keyboard.press("m");
  await says(customer.page, ".tile:not(.me)", "Muted");
  await agent.page.keyboard.press("m");
  await saysNot(customer.page, ".tile:not(.me)", "Muted");
  await hears(customer.page);
  await customer.page.getByRole("button", { name: "Turn the camera off" }).click();
  await agent.page.locator(".tile:not(.me) video").waitFor({ state: "detached" });
  await customer.page.getByRole("button", { name: "Turn the camera on" }).click();
  await agent.page.locator(".tile:not(.me) video").waitFor();
  await sees(agent.page);
  await customer.page.getByRole("button", { name: "Share the screen" }).click();
  await says(agent.page, ".tile.screen", "Jane’s screen");
  await customer.page.getByRole("button", { name: "Stop sharing" }).click();
  await saysNot(agent.page, ".tile.screen", "Jane");
  await agent.page.keyboard.press("h");
  await says(customer.page, ".call-outcome", "The call is over.");
});

test.each(["our own", "the browser's"])("a screen goes by %s button at once, even where the connection is not negotiated anew", async (whose) => {
  const { customer, agent } = await exchange.pair();
  await customer.page.addInitScript(() => {
    const display = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getDisplayMedia = async (options) => ((window as any).shared = await display(options));
  });
  await customer.page.reload();
  await calls(customer.page, "Video call");
  await answers(agent.page);
  await sees(agent.page);
  await customer.page.getByRole("button", { name: "Share the screen" }).click();
  await says(agent.page, ".tile.screen", "Jane’s screen");
  const stop = customer.page.getByRole("button", { name: "Stop sharing" });
  await stop.waitFor();
  await customer.page.evaluate(() => {
    RTCPeerConnection.prototype.createOffer = () => new Promise<never>(() => {});
  });
  if (whose === "our own") await stop.click();
  else await customer.page.evaluate(() => (window as any).shared.getVideoTracks()[0].dispatchEvent(new Event("ended")));
  await saysNot(agent.page, ".tile.screen", "Jane");
});

test("the devices can be changed while it goes on", async () => {
  const { customer, agent } = await exchange.pair();
  await calls(customer.page, "Video call");
  await answers(agent.page);
  await sees(agent.page);
  await customer.page.getByRole("button", { name: "Microphone, camera and sound" }).click();
  const microphone = customer.page.getByRole("combobox", { name: /^Microphone/ });
  await microphone.waitFor();
  const names = await microphone.locator("option").allTextContents();
  expect(names.length).toBeGreaterThan(1);
  await microphone.selectOption({ index: names.length - 1 });
  await hears(agent.page);
  expect(await microphone.evaluate((it: HTMLSelectElement) => it.selectedIndex)).toBe(names.length - 1);
});

test("an agent calls a customer, who answers, and the page is elsewhere meanwhile", async () => {
  const { customer, agent } = await exchange.pair();
  const other = await exchange.customer();
  await agent.page.locator(".talk-header").getByRole("button", { name: "Audio call" }).click();
  await says(agent.page, ".stage", "Calling Jane…");
  await customer.page.getByRole("alertdialog").getByText("Ana Rivera is calling").waitFor();
  await customer.page.getByRole("button", { name: "Answer" }).click();
  await hears(customer.page, agent.page);
  await agent.page.goto(`${exchange.server.url}/inbox/${other.id}`);
  await hears(customer.page, agent.page);
  await agent.page.getByRole("button", { name: "Go to Jane" }).click();
  await agent.page.getByRole("button", { name: "Hang up" }).click();
  await says(customer.page, ".call-outcome", "The call is over.");
});
