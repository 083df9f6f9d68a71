/** The page's fold comes to what the server's does: snapshot and deltas equal a fresh snapshot. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { begun, fold, type Inbox, insert } from "../inbox/fold";
import type { Conversation, Delta, Frame, Snapshot } from "../inbox/types";
import { type Desk, desk, until } from "./support/desk";
import { OpenChat } from "./support/openchat";
import { Backend, Person } from "./support/team";

let server: OpenChat;
let ana: Person;
let at: Desk;

beforeAll(async () => {
  server = await OpenChat.start();
  ana = await Person.owner(server);
  at = await desk(ana);
});

afterAll(async () => {
  await at?.leave();
  await server?.destroy();
});

/** Opens a socket in the page, which keeps what it is sent under a name. */
async function follow(name: string): Promise<void> {
  await at.page.evaluate((name) => {
    const frames: string[] = [];
    (window as unknown as Record<string, string[]>)[name] = frames;
    const socket = new WebSocket(`ws://${location.host}/api/admin/support/socket`, ["openchat"]);
    socket.onmessage = ({ data }) => frames.push(data);
  }, name);
  await until(async () => (await heard(name)).length > 0);
}

async function heard(name: string): Promise<Frame[]> {
  const frames = await at.page.evaluate((name) => (window as unknown as Record<string, string[]>)[name], name);
  return (frames ?? []).map((it) => JSON.parse(it) as Frame);
}

/** As much of an inbox as a snapshot tells. */
function told(inbox: Inbox): object {
  const { unresolvedFrom: _, ...rest } = inbox;
  const conversations = inbox.conversations.filter((it) => it.status !== "resolved").slice(0, 100);
  return { ...rest, conversations };
}

/** Does everything that a team, its business and its customers can do. */
async function everything(): Promise<void> {
  const backend = await Backend.of(ana);
  const jane = { externalUserId: "c1", name: "Jane", email: "jane@example.com", metadata: { plan: "pro", old: true } };
  const sam = await ana.colleague("Sam Okafor");
  const [one, two, three] = [
    await backend.writes(jane, "One", "Order 1"),
    await backend.writes({ externalUserId: "c2" }, "é".repeat(200)),
    await backend.writes({ externalUserId: "c3", name: "Cy" }, "Three"),
  ];
  await ana.act(three, "priority", { priority: "urgent" });
  await ana.act(two, "assign", { agentId: ana.id });
  await ana.act(two, "messages", { message: { type: "text", text: "Hi" } });
  await backend.goesOn(two, "Thanks");
  await backend.goesOn(two, "And another thing");
  await ana.act(two, "read", { upTo: 1_000_000 });
  await ana.act(two, "assign", { agentId: sam.id, from: ana.id });
  await ana.act(two, "assign", { agentId: null });
  await sam.act(one, "messages", { message: { type: "text", text: "I answer" } });
  await sam.act(one, "notes", { text: "A note" });
  await sam.act(one, "tags", { tags: ["b", "a"] });
  await sam.act(one, "snooze", { until: new Date(Date.now() + 86_400_000).toISOString() });
  await backend.goesOn(one, "Awake again");
  await sam.act(one, "resolve");
  await backend.goesOn(one, "Not settled");
  await ana.act(three, "resolve");
  await ana.act(three, "reopen");
  await ana.act(three, "resolve");
  await backend.writes({ ...jane, name: "Jane Walker", metadata: { plan: "basic", old: false } }, "Four");
  await sam.ask("PUT", "/api/admin/support/me/availability", { availability: "away" });
  await ana.ask("PATCH", `/api/business/agents/${sam.id}`, { capacity: 9, skills: ["billing"], role: "admin" });
  const gone = await ana.colleague("Gone Soon");
  await gone.act(two, "assign", { agentId: gone.id });
  await ana.ask("DELETE", `/api/business/agents/${gone.id}`);
  await ana.post("/api/business/admin/settings", {
    welcomeMessage: "Hello!",
    awayMessage: null,
    branding: { color: "#112233" },
    preferences: { defaultCapacity: 7 },
  });
}

test("snapshot and deltas come to a fresh snapshot", { timeout: 120_000 }, async () => {
  await follow("first");
  await everything();
  await follow("fresh");
  const [hello] = (await heard("fresh")) as [Extract<Frame, { type: "hello" }>];
  const frames = await until(async () => {
    const all = await heard("first");
    const last = all.filter((it) => "position" in it).at(-1);
    return last && "position" in last && last.position >= hello.position && all;
  });
  const [first, ...rest] = frames as [Extract<Frame, { type: "hello" }>, ...Frame[]];
  const deltas = rest.filter((it): it is Delta => "previous" in it && it.position <= hello.position);
  expect(deltas.length).toBeGreaterThan(40);
  expect(new Set(deltas.map((it) => it.type)).size).toBeGreaterThan(15);
  let inbox = begun(first.snapshot as Snapshot);
  for (const delta of deltas) {
    const { inbox: after, missing } = fold(inbox, delta);
    expect(missing).toBeNull();
    inbox = after;
  }
  expect(told(inbox)).toEqual(told(begun(hello.snapshot as Snapshot)));

  // A page that had known nothing of the conversations comes to the same by fetching them.
  const { data } = await ana.ask<{ data: Conversation[] }>("GET", "/api/admin/support/inbox?view=all&limit=100");
  const late = insert({ ...begun(hello.snapshot as Snapshot), conversations: [], queue: [] }, data, deltas);
  expect(told(late)).toEqual(told(inbox));
  expect(late.conversations).toHaveLength(inbox.conversations.length);
});
