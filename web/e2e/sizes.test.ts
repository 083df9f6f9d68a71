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

/** The largest of the other languages' catalogues, which comes on top where the page can't name it. */
function catalogue(page: string): number {
  const entry = named(page).map((it) => readFileSync(join(dist, it), "utf8")).join("");
  const languages = new Set(entry.match(/\b(?:ar|es|fr)-[\w-]+\.js/g));
  expect(languages.size).toBe(3);
  return Math.max(...[...languages].map((it) => gzipped(`assets/${it}`)));
}

const whole = (page: string): number => named(page).reduce((sum, it) => sum + gzipped(it), 0);

test("the loader has at most 3 kB", () => {
  expect(gzipped("widget.js")).toBeLessThanOrEqual(3_000);
});

test.each(["en", "es", "fr", "ar"])("the chat's frame has at most 25 kB of scripts and styles in %s", (lang) => {
  expect(whole(`webchat.${lang}.html`)).toBeLessThanOrEqual(25_000);
});

test("what it takes to write in it has at most 3.5 kB", () => {
  const [style, script] = named("webchat.en.html");
  expect([style, script]).toEqual([expect.stringMatching(/first-.*\.css$/), expect.stringMatching(/first-.*\.js$/)]);
  expect(gzipped("webchat.en.html") + gzipped(style!) + gzipped(script!)).toBeLessThanOrEqual(3_500);
});

test("the page of a support link has at most 25 kB of scripts and styles, in any language", () => {
  expect(whole("support.html") + catalogue("support.html")).toBeLessThanOrEqual(25_000);
});
