/** How much has to be fetched before a customer can chat. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

const dist = resolve(import.meta.dirname, "../dist");
const gzipped = (path: string): number => gzipSync(readFileSync(join(dist, path)), { level: 9 }).length;

/** Every script and style that a page names itself, which is what its chat needs. */
function named(page: string): string[] {
  const html = readFileSync(join(dist, page), "utf8");
  return [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map((it) => it[1]!);
}

/** The largest of the other languages' catalogues, which comes on top. */
function catalogue(page: string): number {
  const entry = named(page).map((it) => readFileSync(join(dist, it), "utf8")).join("");
  const languages = new Set(entry.match(/\b(?:ar|es|fr)-[\w-]+\.js/g));
  expect(languages.size).toBe(3);
  return Math.max(...[...languages].map((it) => gzipped(`assets/${it}`)));
}

test("the loader has at most 3 kB", () => {
  expect(gzipped("widget.js")).toBeLessThanOrEqual(3_000);
});

test.each(["webchat.html", "support.html"])("%s has at most 25 kB of scripts and styles to a usable chat, in any language", (page) => {
  const all = named(page);
  expect(all.length).toBeGreaterThan(2);
  expect(all.reduce((sum, it) => sum + gzipped(it), 0) + catalogue(page)).toBeLessThanOrEqual(25_000);
});
