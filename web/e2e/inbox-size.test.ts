/** The inbox's weight: all that the page loads to be whole, compressed, in any of its languages. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const BUDGET = 90_000;
/** LiveKit's client, which is fetched when a call begins. */
const CALLS = /^assets\/room-/;
const dist = resolve(import.meta.dirname, "../dist");

/** The scripts and styles that a built file names, and those that these name, each once. */
function named(file: string, found = new Set<string>()): Set<string> {
  const text = readFileSync(join(dist, file), "utf8");
  for (const [, name] of text.matchAll(/["'`(](?:\/assets\/|\.\/|assets\/)([\w.-]+\.(?:js|css))["'`)]/g)) {
    const path = `assets/${name}`;
    if (found.has(path)) continue;
    found.add(path);
    named(path, found);
  }
  return found;
}

test("the inbox weighs at most 90 kB, with every language that it could load", () => {
  const all = [...named("inbox.html")];
  const files = all.filter((file) => !CALLS.test(file));
  const sizes = files.map((file) => statSync(join(dist, `${file}.gz`)).size);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  console.info(`inbox: ${files.length} files, ${total} bytes`);
  expect(all.length - files.length).toBe(1);
  expect(files.some((file) => file.endsWith(".css"))).toBe(true);
  expect(files.length).toBeLessThan(readdirSync(join(dist, "assets")).length);
  expect(total).toBeLessThanOrEqual(BUDGET);
});
