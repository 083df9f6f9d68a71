/** The whole keys that were shown in this visit: the server tells each only once, so they are gone with the page. */
import { signal } from "@preact/signals";
import type { Shown } from "./api";

export const secrets = signal<ReadonlyMap<string, string>>(new Map());

export function learn({ key, integrationKey }: Shown): void {
  secrets.value = new Map(secrets.value).set(integrationKey.id, key);
}
