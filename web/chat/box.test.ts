/** What two tabs have yet to say is kept apart. */
import { describe, expect, test } from "vitest";
import { box } from "./box";
import { keep } from "./keep";

/** A browser's store, which is an object with a property for each of its entries. */
function store(): Storage {
  const shelf = {} as Record<string, string>;
  const methods = {
    getItem: (name: string) => shelf[name] ?? null,
    setItem: (name: string, value: string) => (shelf[name] = value),
    removeItem: (name: string) => delete shelf[name],
  };
  return new Proxy(shelf, { get: (_, name) => methods[name as keyof typeof methods] ?? shelf[name as string] }) as unknown as Storage;
}

const one = { clientMessageId: "a", createdAt: "2026-03-01T09:00:00Z", text: "One" };
const two = { clientMessageId: "b", createdAt: "2026-03-01T09:00:01Z", text: "Two" };

describe("a kept outbox", () => {
  test("lets two tabs write without losing either's", () => {
    const shared = store();
    const [tab, other] = [box(keep(() => shared, "x:")), box(keep(() => shared, "x:"))];
    tab.write([two]);
    other.write([one]);
    expect(box(keep(() => shared, "x:")).read()).toEqual([one, two]);
    tab.write([]);
    expect(box(keep(() => shared, "x:")).read()).toEqual([one]);
    expect(box(keep(() => shared, "y:")).read()).toEqual([]);
  });

  test("lets go of what another visit left once it is delivered", () => {
    const shared = store();
    box(keep(() => shared, "x:")).write([one, two]);
    const later = box(keep(() => shared, "x:"));
    expect(later.read()).toEqual([one, two]);
    later.write([two]);
    expect(box(keep(() => shared, "x:")).read()).toEqual([two]);
  });

  test("is there for a page whose browser keeps nothing", () => {
    const kept = keep(() => {
      throw new Error("No storage here.");
    }, "x:");
    box(kept).write([one]);
    expect(box(kept).read()).toEqual([one]);
  });

  test.each(["", "no JSON", "{}", "null", "[1]", '{"text":"nameless"}'])("%o is no message", (text) => {
    const shared = store();
    shared.setItem("x:outbox:a", text);
    expect(box(keep(() => shared, "x:")).read()).toEqual([]);
  });
});
