/** Folding what the real server tells comes to the snapshot that the real server makes. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CustomerSnapshot, Delta, Frame } from "../api/types";
import { fold } from "../chat/fold";
import { visitor, type Visitor } from "./support/browser";
import { Business } from "./support/business";
import { OpenChat } from "./support/openchat";

let server: OpenChat;
let business: Business;
let customer: Visitor;

beforeAll(async () => {
  server = await OpenChat.start();
  business = await Business.setUp(server);
  customer = await visitor();
});
afterAll(async () => {
  await customer?.leave();
  await server?.destroy();
});

/** Opens a feed in the browser, which collects what it is sent. */
async function feed(token: string): Promise<() => Promise<Frame[]>> {
  const page = await customer.context.newPage();
  await page.goto(`${server.url}/healthz`);
  await page.evaluate((token) => {
    const heard: unknown[] = ((window as any).heard = []);
    const socket = new WebSocket(`ws://${location.host}/api/webchat/socket`, ["openchat", `bearer.${token}`]);
    socket.onmessage = ({ data }) => heard.push(JSON.parse(data));
  }, token);
  await page.waitForFunction(() => (window as any).heard.length > 0);
  return () => page.evaluate(() => (window as any).heard);
}

test("after everything that can happen to a conversation", async () => {
  const { key } = await business.key({ originMode: "hotspot" });
  const own = async <T>(method: string, path: string, body: object, token?: string): Promise<T> => {
    const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
    const answer = await fetch(server.url + path, { method, headers, body: JSON.stringify(body) });
    expect(answer.ok, `${path}: ${answer.status}`).toBe(true);
    return (await answer.json()) as T;
  };
  const { session } = await own<{ session: { token: string } }>("POST", "/api/webchat/session", { key });
  const say = (text: string) =>
    own("POST", "/api/webchat/messages", { message: { type: "text", text }, clientMessageId: text }, session.token);
  const heard = await feed(session.token);

  await say("a");
  const conversation = await business.conversationOf('"a"');
  await business.available("online");
  await business.reply(conversation, "b");
  await business.act(conversation, "read", { upTo: (await business.messages(conversation)).at(-1)!.position });
  await business.act(conversation, "notes", { text: "hidden" });
  await business.act(conversation, "priority", { priority: "high" });
  await business.act(conversation, "assign", { agentId: null });
  await own("POST", "/api/webchat/profile", { name: "Vera", email: "vera@example.com" }, session.token);
  await business.post("/api/business/admin/settings", { welcomeMessage: "Hi", branding: { color: "#112233" } });
  for (let at = 0; at < 55; at++) await business.reply(conversation, `c${at}`);
  await business.act(conversation, "resolve");
  await own("POST", "/api/webchat/rating", { score: 4, comment: "good" }, session.token);
  await say("d");
  await business.act(conversation, "resolve");
  await own("POST", "/api/webchat/rating", { score: 5 }, session.token);

  const fresh = async () => (await (await feed(session.token))())[0] as Extract<Frame, { type: "hello" }>;
  const rated = (it: CustomerSnapshot) => it.conversation?.rating?.score;
  await expect.poll(async () => rated((await fresh()).snapshot), { timeout: 10_000 }).toBe(5);
  const wanted = await fresh();
  await expect.poll(async () => (await heard()).some((it) => "previous" in it && it.position >= wanted.position), { timeout: 10_000 }).toBe(true);

  const frames = await heard();
  const first = frames[0] as Extract<Frame, { type: "hello" }>;
  const deltas = frames.filter((it): it is Delta => "previous" in it && it.position <= wanted.position);
  expect(deltas.every((it, at) => it.previous === (deltas[at - 1]?.position ?? first.position))).toBe(true);
  expect(deltas.reduce(fold, first.snapshot)).toEqual(wanted.snapshot);
  expect(JSON.stringify(frames)).not.toContain("hidden");
});
