/** The feed takes each delta once and in order, and notices a gap. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Delta, Frame, Hello } from "../api/types";
import { follow, place } from "./feed";

const delta = (position: number, previous: number) =>
  ({ type: "queue.changed", data: { queuePosition: null }, position, previous, conversationId: "cnv_1", at: "" }) as Delta;
const hello = (position: number) => ({ type: "hello", position, snapshot: {} }) as unknown as Hello;

describe("a delta's place", () => {
  test("is after the one before it", () => {
    expect(place(4, delta(7, 4))).toEqual({ position: 7 });
    expect(place(7, delta(7, 4))).toBe("repeated");
    expect(place(4, delta(7, 6))).toBe("gap");
    expect(place(null, delta(7, 4))).toBe("gap");
    expect(place(9, hello(3))).toEqual({ position: 3 });
  });
});

/** A socket whose server is the test. */
class Socket {
  static readonly OPEN = 1;
  static all: Socket[] = [];
  readyState = Socket.OPEN;
  sent: string[] = [];
  onmessage?: (event: { data: string }) => void;
  onclose?: (event: { code: number }) => void;

  constructor(readonly url: URL, readonly protocols: string[]) {
    Socket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.readyState = 3;
  }

  says(...frames: unknown[]): void {
    frames.forEach((frame) => this.onmessage?.({ data: JSON.stringify(frame) }));
  }
}

describe("following", () => {
  const heard: Frame[] = [];
  const live: boolean[] = [];
  const ended = vi.fn();
  let goOn = true;
  const listener = {
    onFrame: (frame: Frame) => void heard.push(frame),
    onLive: (now: boolean) => void live.push(now),
    onRefused: async () => goOn,
    onEnded: ended,
  };
  const socket = () => Socket.all.at(-1)!;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("WebSocket", Socket);
    vi.stubGlobal("window", globalThis);
    vi.stubGlobal("location", { href: "https://oc.test/webchat" });
    vi.stubGlobal("navigator", { onLine: true });
    vi.stubGlobal("document", { hidden: false });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    Socket.all = [];
    heard.length = live.length = 0;
    ended.mockReset();
    goOn = true;
  });

  test("never puts the token into the address", () => {
    follow("secret", listener);
    expect(String(socket().url)).toBe("wss://oc.test/api/webchat/socket");
    expect(socket().protocols).toEqual(["openchat", "bearer.secret"]);
  });

  test("hears each delta once, and resumes after the last one", async () => {
    follow("t", listener);
    socket().says(hello(4), delta(7, 4), delta(7, 4), delta(8, 7));
    expect(heard.map((it) => "position" in it && it.position)).toEqual([4, 7, 8]);
    socket().onclose?.({ code: 1006 });
    await vi.advanceTimersByTimeAsync(600);
    expect(socket().url.search).toBe("?after=8");
    expect(live).toEqual([true, false]);
  });

  test("begins anew after a gap", () => {
    follow("t", listener);
    const first = socket();
    first.says(hello(4), delta(9, 8));
    expect(socket()).not.toBe(first);
    expect(socket().url.search).toBe("");
    first.says(delta(10, 9));
    expect(heard).toHaveLength(1);
  });

  test("ends with the session", async () => {
    follow("t", listener);
    socket().says(hello(4));
    await socket().onclose?.({ code: 4001 });
    expect(ended).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(Socket.all).toHaveLength(1);
  });

  test("ends when it is refused for good, and goes on when it isn't", async () => {
    follow("t", listener);
    await socket().onclose?.({ code: 1006 });
    await vi.advanceTimersByTimeAsync(600);
    expect(Socket.all).toHaveLength(2);
    goOn = false;
    await socket().onclose?.({ code: 1006 });
    expect(ended).toHaveBeenCalledOnce();
  });

  test("waits as long as a server that restarts asks for", async () => {
    follow("t", listener);
    socket().says(hello(4), { type: "reconnect", afterMillis: 5_000 });
    socket().onclose?.({ code: 4012 });
    await vi.advanceTimersByTimeAsync(2_400);
    expect(Socket.all).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_700);
    expect(Socket.all).toHaveLength(2);
  });

  test("takes a connection that doesn't answer for dead", async () => {
    follow("t", listener);
    socket().says(hello(4));
    await vi.advanceTimersByTimeAsync(25_000);
    expect(socket().sent).toEqual(['{"type":"ping"}']);
    await vi.advanceTimersByTimeAsync(8_000);
    expect(Socket.all).toHaveLength(2);
  });

  test("sends only what can be sent now", () => {
    const feed = follow("t", listener);
    expect(feed.send({ type: "ping" })).toBe(true);
    feed.close();
    expect(feed.send({ type: "ping" })).toBe(false);
  });
});
