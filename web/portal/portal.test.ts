/** What the portal works out by itself: colours, hours, websites, ways. */
import { expect, test } from "vitest";
import type { Span } from "./api";
import { contrast, legibility } from "./colour";
import { faults, nextSpan, sorted } from "./hours";
import { isSafe, readOrigin } from "./origins";
import { homeOf, safeNext } from "./way";
import { ar } from "./words/ar";
import { en } from "./words/en";
import { es } from "./words/es";
import { fr } from "./words/fr";

test("contrast is what WCAG says", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21);
  expect(contrast("#ffffff", "#000000")).toBeCloseTo(21);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
});

test("a colour is enough when it can be read and seen", () => {
  expect(legibility("#2563eb")).toMatchObject({ ink: "#ffffff", enough: true });
  expect(legibility("#ffee58")).toMatchObject({ ink: "#000000", enough: false });
});

test("a website is understood as people type it", () => {
  expect(readOrigin("www.Acme.com")).toBe("https://www.acme.com");
  expect(readOrigin(" https://acme.com/shop?a=1 ")).toBe("https://acme.com");
  expect(readOrigin("http://192.168.0.7:8080")).toBe("http://192.168.0.7:8080");
  expect(readOrigin("https://acme.com:443")).toBe("https://acme.com");
  for (const wrong of ["", "  ", "ftp://acme.com", "javascript:alert(1)", "https://", "two words", "https://u:p@acme.com", "https://*.acme.com"]) {
    expect(readOrigin(wrong), wrong).toBeNull();
  }
  expect([isSafe("https://acme.com"), isSafe("http://localhost:3000"), isSafe("http://acme.com")]).toEqual([true, true, false]);
});

test("hours tell what is wrong with them", () => {
  const span = (from: string, to: string, day: Span["day"] = "mon"): Span => ({ day, from, to });
  const week = [span("09:00", "13:00"), span("12:00", "15:00"), span("17:00", "16:00"), span("", "10:00"), span("09:00", "13:00", "tue"), span("13:00", "14:00", "tue")];
  expect([...faults(week)]).toEqual([[1, "overlap"], [2, "order"], [3, "empty"]]);
  expect(nextSpan(week, "sun")).toEqual({ day: "sun", from: "09:00", to: "17:00" });
  const late = nextSpan([span("20:00", "22:30")], "mon");
  expect(faults([late]).size).toBe(0);
  expect(sorted([span("09:00", "10:00", "tue"), span("12:00", "13:00"), span("08:00", "09:00")]).map((it) => it.day + it.from)).toEqual(["mon08:00", "mon12:00", "tue09:00"]);
});

test("a page leads on to our own pages only", () => {
  const origin = "https://oc.example.com";
  expect(safeNext("/inbox/cnv_1?a=b#c", origin)).toBe("/inbox/cnv_1?a=b#c");
  for (const wrong of [null, "", "inbox", "//evil.com", "/\\evil.com", "https://evil.com/", "javascript:alert(1)", "/\t/evil.com"]) {
    expect(safeNext(wrong, origin), String(wrong)).toBeNull();
  }
});

test("everybody is led to what they need", () => {
  const business = { id: "biz_1", name: "Acme", slug: "acme" };
  expect(homeOf({ business: null, role: null })).toBe("/setup");
  expect(homeOf({ business, role: "agent" })).toBe("/inbox");
  expect(homeOf({ business, role: "owner" })).toBe("/portal");
});

test("every language says everything", () => {
  const entries = (words: object, path = ""): string[] =>
    Object.entries(words).flatMap(([name, it]) => (typeof it === "object" ? entries(it, `${path}${name}.`) : [path + name]));
  for (const other of [es, fr, ar]) expect(entries(other)).toEqual(entries(en));
});
