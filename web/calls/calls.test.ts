/** What calls are judged by: at whom one rings, why a device can't be had, how long one lasted. */
import { describe, expect, test } from "vitest";
import { ana, ben, jane } from "../inbox/given";
import { rings } from "../inbox/calls";
import { why } from "./devices";
import { lasted } from "./lasted";
import type { Call } from "./types";

const customer = { kind: "customer" as const, id: jane.id, name: jane.name };
const agent = (it: typeof ana) => ({ kind: "agent" as const, ...it });

function call(more: Partial<Call> = {}): Call {
  const begun = { id: "call_1", type: "audio", by: customer, startedAt: "", state: "ringing", rings: null } as const;
  return { ...begun, joined: [customer], ...more };
}

describe("a call rings", () => {
  test("at everybody who is online, unless it rings at somebody in particular", () => {
    expect(rings(call(), ana.id, "online")).toBe(true);
    expect(rings(call(), ana.id, "away")).toBe(false);
    expect(rings(call({ rings: ana }), ana.id, "away")).toBe(true);
    expect(rings(call({ rings: ben }), ana.id, "online")).toBe(false);
  });

  test("at nobody who is in it, and at whoever is brought in", () => {
    expect(rings(call({ state: "answered" }), ana.id, "online")).toBe(false);
    expect(rings(call({ state: "answered", rings: ana }), ana.id, "online")).toBe(true);
    expect(rings(call({ state: "answered", rings: ana, joined: [customer, agent(ana)] }), ana.id, "online")).toBe(false);
  });

  test("at the customer, and not at the team, when the team began it", () => {
    expect(rings(call({ by: agent(ben), joined: [agent(ben)] }), ana.id, "online")).toBe(false);
  });
});

test("a device that can't be had is told from one that isn't there", () => {
  const trouble = (name: string) => why(new DOMException("", name));
  expect(["NotAllowedError", "NotFoundError", "OverconstrainedError", "NotReadableError", "TypeError"].map(trouble)).toEqual([
    "blocked",
    "missing",
    "missing",
    "busy",
    "failed",
  ]);
});

test("a call's length is told in minutes and seconds, with the hours if there are any", () => {
  expect([0, 9.7, 61, 3_599, 3_661].map(lasted)).toEqual(["00:00", "00:09", "01:01", "59:59", "1:01:01"]);
});
