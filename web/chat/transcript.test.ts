/** What was read before the snapshot stays on the page as long as no hole can lie between. */
import { describe, expect, test } from "vitest";
import type { CustomerSnapshot, Message } from "../api/types";
import { carried, transcript } from "./transcript";

const message = (position: number): Message => ({
  id: `msg_${position}`,
  conversationId: "cnv_1",
  author: { kind: "system" },
  type: "text",
  text: "",
  createdAt: "",
  position,
});
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => message(from + at));
const snapshot = (messages: Message[], hasEarlier: boolean, id = "cnv_1"): CustomerSnapshot =>
  ({ conversation: { id, messages, hasEarlier } }) as CustomerSnapshot;
const earlier = (messages: Message[], more: boolean) => ({ conversationId: "cnv_1", messages, more });

describe("the transcript", () => {
  test("is what was read and what the snapshot shows", () => {
    expect(transcript(snapshot(range(3, 4), true), earlier(range(1, 2), false))).toEqual(range(1, 4));
    expect(transcript(null, null)).toEqual([]);
    expect(transcript(snapshot(range(3, 4), true, "cnv_2"), earlier(range(1, 2), false))).toEqual(range(3, 4));
  });

  test("keeps the message that the snapshot lets go", () => {
    const [last, next] = [snapshot(range(3, 5), true), snapshot(range(4, 6), true)];
    const kept = carried(last, earlier(range(1, 2), false), next);
    expect(transcript(next, kept)).toEqual(range(1, 6));
    expect(kept?.more).toBe(false);
  });

  test("begins anew where something may be missing", () => {
    const next = snapshot(range(9, 12), true);
    expect(carried(snapshot(range(3, 5), true), earlier(range(1, 2), false), next)).toEqual(earlier([], true));
    expect(carried(null, null, next)).toEqual(earlier([], true));
    expect(carried(snapshot(range(1, 2), false, "cnv_0"), null, snapshot(range(3, 4), false))).toEqual(earlier([], false));
  });

  test("knows nothing earlier of no conversation", () => {
    expect(carried(snapshot(range(1, 2), false), null, { conversation: null } as CustomerSnapshot)).toBeNull();
  });
});
