/** Which section of the portal is shown, kept in the address, and left only when nothing is lost by it. */
import { signal } from "@preact/signals";

export const SECTIONS = ["launch", "widget", "developers", "agents", "settings", "audit"] as const;
export type Section = (typeof SECTIONS)[number];

const read = (): Section => {
  const name = location.pathname.split("/")[2];
  return SECTIONS.find((it) => it === name) ?? "launch";
};

export const section = signal<Section>(read());
/** Who would lose changes, by a name for each form. */
const unsaved = new Set<object>();
/** Where the reader wants to go while changes would be lost: it is asked first. */
export const leaving = signal<Section | null>(null);

export const pathOf = (it: Section): string => `/portal/${it}`;

/** Goes to a section, unless changes would be lost. */
export function go(to: Section): void {
  if (unsaved.size && to !== section.value) leaving.value = to;
  else arrive(to);
}

/** Goes there whatever is lost. */
export function leave(): void {
  unsaved.clear();
  if (leaving.value) arrive(leaving.value);
  leaving.value = null;
}

/** Says whether a form has changes that aren't saved. */
export function hold(form: object, changed: boolean): void {
  if (changed) unsaved.add(form);
  else unsaved.delete(form);
}

function arrive(to: Section): void {
  if (location.pathname !== pathOf(to)) history.pushState(null, "", pathOf(to));
  section.value = to;
  scrollTo(0, 0);
}

/** Follows the browser's own buttons, and stops a page that would close over changes. */
export function watchPlace(): void {
  addEventListener("popstate", () => {
    const to = read();
    if (!unsaved.size || to === section.value) section.value = to;
    else {
      history.pushState(null, "", pathOf(section.value));
      leaving.value = to;
    }
  });
  addEventListener("beforeunload", (event) => {
    if (unsaved.size) event.preventDefault();
  });
}
