/** Nothing that was written is lost before it is delivered, and nothing is shown twice. */
import { describe, expect, test } from "vitest";
import type { Message } from "../api/types";
import { FILE_GONE, freshName, outgoing, preserved, restored, undelivered } from "./outbox";

const told = (clientMessageId: string): Message => ({
  id: "msg_1",
  conversationId: "cnv_1",
  author: { kind: "customer", id: "cus_1", name: null },
  type: "text",
  text: "Hello",
  createdAt: "2026-03-01T09:30:00Z",
  position: 3,
  clientMessageId,
});
const picture = { name: "a.png", mediaType: "image/png", size: 3, progress: 0.5 };

describe("the outbox", () => {
  test("lets go of what the transcript shows", () => {
    const one = outgoing("Hello");
    expect(undelivered([one], [], 9)).toEqual([one]);
    expect(undelivered([one], [told(one.clientMessageId)], 9)).toEqual([]);
  });

  test("lets go of what was delivered once the view has come as far", () => {
    const sent = { ...outgoing("Hello"), state: "sent" as const, position: 5 };
    expect(undelivered([sent], [], 4)).toEqual([sent]);
    expect(undelivered([sent], [], 5)).toEqual([]);
  });

  test("is the same after another visit, but what was refused or delivered", () => {
    const [sending, waiting] = [outgoing("One"), { ...outgoing("Two"), state: "waiting" as const }];
    const others = [{ ...outgoing("Three"), state: "refused" as const }, { ...outgoing("Four"), state: "sent" as const }];
    const again = restored(preserved([sending, waiting, ...others]));
    expect(again).toEqual([{ ...sending, state: "waiting" }, waiting]);
    expect(preserved(others)).toEqual([]);
  });

  test("says of a file that wasn't uploaded that it is gone with the page", () => {
    const [uploaded, gone] = [outgoing("", { ...picture, id: "fil_1" }), outgoing("", picture)];
    const [first, second] = restored(preserved([uploaded, gone]));
    expect(first).toEqual({ ...uploaded, state: "waiting" });
    expect(second).toMatchObject({ state: "refused", refusal: { code: FILE_GONE } });
  });

  test("names are never the same", () => {
    expect(new Set(Array.from({ length: 1_000 }, freshName)).size).toBe(1_000);
  });
});
