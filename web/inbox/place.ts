/** Where the agent is: which view, which conversation; the page's address says the latter. */
import { signal } from "@preact/signals";
import type { View } from "./views";

export type Shown = View | "queue" | "search";

const ID = /^cnv_[0-9a-f]{32}$/;

/** The conversation that an address names. */
export function named(path: string): string | null {
  const last = path.split("/").pop() ?? "";
  return ID.test(last) ? last : null;
}

export type Place = ReturnType<typeof createPlace>;

export function createPlace() {
  const shown = signal<Shown>("mine");
  const openId = signal<string | null>(named(location.pathname));
  /** The list's current row, on which the shortcuts work while no conversation is open. */
  const row = signal<string | null>(openId.value);

  function address(id: string | null): string {
    return (id ? `/inbox/${id}` : "/inbox") + location.search;
  }

  function go(id: string | null): void {
    if (id) row.value = id;
    if (id === openId.value) return;
    history.pushState(null, "", address(id));
    openId.value = id;
  }

  addEventListener("popstate", () => (openId.value = named(location.pathname)));

  return { shown, openId, row, go };
}
