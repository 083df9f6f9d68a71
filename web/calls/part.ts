/** This page's part in a call: the devices are checked, the room is entered, left, and entered again when it was lost. */
import { batch, signal } from "@preact/signals";
import { ApiError, ask } from "../api/client";
import type { Keep } from "../chat/keep";
import { capture, type Chosen, type DeviceKind, release, type Trouble } from "./devices";
import type { Departure, Room, Sendable } from "./room";
import type { Call, Ending, EndReason, Kind, Pass } from "./types";

/** How far this page has come. */
export type Stage =
  /** It takes no part. */
  | "none"
  /** The browser is asked for the devices. */
  | "checking"
  /** The devices are known; somebody has to say that it goes on. */
  | "ready"
  /** On the way into the room. */
  | "connecting"
  | "in"
  /** The room was lost; it is tried again. */
  | "lost";

/** Begins a call or comes to one. */
export type Enter = () => Promise<{ id: string; pass: Pass }>;

/** Why a call is over, or did not begin; `over` is a call of whose end nothing is known. */
export type Outcome = EndReason | "over";

export interface Side {
  /** Where this side asks about calls. */
  base: string;
  headers(): Record<string, string>;
  /** A call that is going on. */
  known(id: string): Call | null;
  /** What this tab keeps. */
  tab: Keep;
}

const KEPT = "call";
const KEPT_SINCE = "call-since";
const NO_TROUBLE: Troubles = { microphone: null, camera: null, screen: null };
const AGAIN = 2_000;
/** How long somebody's hanging up is told again to a server that can't be reached. */
const INSIST = 60_000;

/** What this side can send, and why it can't. */
export type Troubles = Record<Sendable, Trouble | null>;

export type Part = ReturnType<typeof createPart>;

export function createPart(side: Side) {
  const stage = signal<Stage>("none");
  const kind = signal<Kind>("audio");
  const id = signal<string | null>(null);
  const room = signal<Room | null>(null);
  const preview = signal<MediaStream | null>(null);
  const troubles = signal(NO_TROUBLE);
  const chosen = signal<Chosen>({});
  /** Why it can't be entered: the code of the API's refusal, or that the media server can't be reached. */
  const refusal = signal<string | null>(null);
  /** How the last call ended, until it has been read. */
  const outcome = signal<{ id: string; why: Outcome } | null>(null);
  /** The calls that this page has left; the server may still think otherwise. */
  const left = signal<ReadonlySet<string>>(new Set());
  const since = signal<number | null>(null);
  let enter: Enter | null = null;
  /** The call that the feed has told of. */
  let seen: string | null = null;
  /** Counts what was begun: whatever is overtaken gives up. */
  let turn = 0;

  const act = (call: string, what: "join" | "end" | "decline" | "escalate" | "invite", body?: object) =>
    ask<Pass>("POST", `${side.base}/calls/${call}/${what}`, side.headers(), body);
  const joining = (call: string): Enter => async () => ({ id: call, pass: await act(call, "join") });

  function begin(wanted: Kind, by: Enter): number {
    close();
    enter = by;
    batch(() => {
      kind.value = wanted;
      stage.value = "checking";
      refusal.value = outcome.value = null;
      troubles.value = NO_TROUBLE;
    });
    return turn;
  }

  /** Leaves the room and the devices alone. */
  function close(): void {
    turn += 1;
    const last = room.value;
    release(preview.value);
    batch(() => {
      room.value = preview.value = id.value = since.value = null;
      stage.value = "none";
    });
    void last?.leave();
  }

  /** Looks which devices can be had. */
  async function check(): Promise<void> {
    const mine = turn;
    release(preview.value);
    const { stream, ...found } = await capture(kind.value, chosen.value);
    if (mine !== turn) return release(stream);
    batch(() => {
      preview.value = stream;
      troubles.value = { ...NO_TROUBLE, ...found };
      stage.value = "ready";
    });
  }

  async function prepare(wanted: Kind, by: Enter): Promise<void> {
    begin(wanted, by);
    await check();
  }

  /** Goes in without a word, unless nothing would be heard. */
  async function straight(wanted: Kind, by: Enter): Promise<void> {
    const mine = begin(wanted, by);
    await check();
    if (mine === turn && !troubles.value.microphone) await go();
  }

  /** Enters the room with whatever devices there are. */
  async function go(): Promise<void> {
    const mine = turn;
    if (!enter) return;
    batch(() => {
      stage.value = "connecting";
      refusal.value = null;
    });
    try {
      const [entered, { openRoom }] = await Promise.all([enter(), import("./room")]);
      // Somebody hung up meanwhile.
      if (mine !== turn) return void insist(entered.id, "end");
      id.value = entered.id;
      enter = joining(entered.id);
      side.tab.set(KEPT, entered.id);
      // Meanwhile it may have become a video call.
      kind.value = side.known(entered.id)?.type ?? kind.value;
      release(preview.value);
      preview.value = null;
      const { microphone, camera } = troubles.value;
      const sending = { microphone: !microphone, camera: kind.value === "video" && !camera, chosen: chosen.value };
      const opened = await openRoom(entered.pass, sending, {
        onGone: (how) => mine === turn && void onGone(how),
        onTrouble: (what, why) => (troubles.value = { ...troubles.value, [what]: why }),
      });
      if (mine !== turn) return void opened.leave();
      batch(() => {
        room.value = opened;
        stage.value = "in";
      });
      recount(side.known(entered.id));
    } catch (error) {
      if (mine === turn) await failed(error);
    }
  }

  async function failed(error: unknown): Promise<void> {
    const { code, passes } = error instanceof ApiError ? error : { code: "media_unreachable", passes: true };
    if (code === "call_over") return finish(id.value ?? "", "over");
    // Who isn't in yet decides whether to try again; who was is brought back.
    if (id.value && passes) return again();
    batch(() => {
      refusal.value = code;
      stage.value = "ready";
    });
  }

  async function again(): Promise<void> {
    const mine = turn;
    stage.value = "lost";
    await new Promise((done) => setTimeout(done, AGAIN));
    if (mine === turn && stage.value === "lost") await go();
  }

  async function onGone(how: Departure): Promise<void> {
    room.value = null;
    if (how === "moved") {
      side.tab.set(KEPT, null);
      return close();
    }
    // A room that was closed is that of a call that is over, of which the feed is about to tell.
    const mine = turn;
    if (how === "closed") await new Promise((done) => setTimeout(done, AGAIN));
    if (mine === turn) await again();
  }

  /** Tells until it is heard: the other side must not be left waiting. */
  async function insist(call: string, what: "end" | "decline"): Promise<void> {
    left.value = new Set([...left.value, call]);
    for (const until = Date.now() + INSIST; Date.now() < until; ) {
      try {
        return void (await act(call, what));
      } catch (error) {
        if (!(error instanceof ApiError) || !error.passes) return;
        await new Promise((done) => setTimeout(done, Math.max(AGAIN, error.retryAfter * 1_000)));
      }
    }
  }

  /** A call is over. */
  function finish(call: string, why: Outcome): void {
    if (id.value !== call) return;
    side.tab.set(KEPT, null);
    close();
    outcome.value = { id: call, why };
  }

  /** What the feed tells of a call. */
  function hear({ type, data }: { type: string; data: object }): void {
    const call = (data as { callId?: string }).callId;
    if (!call || call !== id.value) return;
    if (type === "call.ended") finish(call, (data as Ending).reason);
    else if (type === "call.escalated") kind.value = "video";
    else if (type === "call.answered") count(Date.parse((data as { at: string }).at));
  }

  /** What is known of the call now; one that has gone without a word of its end is over. */
  function follow(call: Call | null): void {
    const mine = id.peek();
    if (call && call.id === mine) {
      seen = mine;
      kind.value = call.type;
      recount(call);
    } else if (mine && seen === mine) finish(mine, "over");
  }

  /** Counts the time from when the two sides began to talk. */
  function count(from: number): void {
    since.value = from;
    side.tab.set(KEPT_SINCE, `${id.value} ${from}`);
  }

  /** Takes up the count of a call that this page has not heard begin. */
  function recount(call: Call | null): void {
    if (since.peek() || call?.state !== "answered") return;
    const [kept, from] = side.tab.get(KEPT_SINCE)?.split(" ") ?? [];
    since.value = kept === call.id ? Number(from) : Date.parse(call.startedAt);
  }

  /** Sends something or stops sending it. */
  async function send(what: Sendable, on: boolean): Promise<void> {
    troubles.value = { ...troubles.value, [what]: null };
    await room.value?.turn(what, on);
  }

  return {
    stage,
    kind,
    id,
    room,
    preview,
    troubles,
    chosen,
    refusal,
    outcome,
    left,
    since,
    prepare,
    straight,
    check,
    go,
    hear,
    follow,
    joining,
    /** Whether this tab was in a call before it was loaded anew. */
    wasIn: (call: string) => side.tab.get(KEPT) === call,
    /** Turns back before the call, or hangs up. */
    leave: () => {
      const call = id.value;
      side.tab.set(KEPT, null);
      close();
      if (call) void insist(call, "end");
    },
    decline: (call: string) => insist(call, "decline"),
    /** Hangs up a call that this page isn't in. */
    end: (call: string) => insist(call, "end"),
    invite: (call: string, agentId: string) => act(call, "invite", { agentId }),
    /** Makes it a video call, and shows this side's picture. */
    escalate: async () => {
      if (!id.value) return;
      await act(id.value, "escalate");
      await send("camera", true);
    },
    send,
    choose: async (device: DeviceKind, chosenId: string) => {
      chosen.value = { ...chosen.value, [device]: chosenId };
      if (room.value) await room.value.use(device, chosenId);
      else if (stage.value === "ready" && device !== "audiooutput") await check();
    },
    dismiss: () => (outcome.value = null),
  };
}
