/** Addresses in texts are found, and only those that are safe to follow. */
import { expect, test } from "vitest";
import { pieces } from "./links";

const links = (text: string) => pieces(text).flatMap((it) => (typeof it === "string" ? [] : [it.href]));
const whole = (text: string) => pieces(text).map((it) => (typeof it === "string" ? it : it.text)).join("");

test.each([
  ["See https://acme.com/a?b=1#c.", ["https://acme.com/a?b=1#c"]],
  ["(https://acme.com/x)", ["https://acme.com/x"]],
  ["https://en.wikipedia.org/wiki/Rust_(language)", ["https://en.wikipedia.org/wiki/Rust_(language)"]],
  ["http://a.test, https://b.test!", ["http://a.test/", "https://b.test/"]],
  ["«https://acme.com/é»", ["https://acme.com/%C3%A9"]],
  ["no address here, nor at acme.com", []],
  ["javascript:alert(1) data:text/html,x vbscript:x", []],
  ["https://", []],
])("%s", (text, expected) => {
  expect(links(text)).toEqual(expected);
  expect(whole(text)).toBe(text);
});

test("what looks like markup stays text", () => {
  expect(links('https://acme.com/"onclick="x')).toEqual(["https://acme.com/"]);
  expect(pieces("<img src=x onerror=alert(1)>")).toEqual(["<img src=x onerror=alert(1)>"]);
});
