/** The history in every language: no event, as it is stored, goes without a sentence. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { AuditEntry } from "./api";
import { sentence } from "./history";
import { fault } from "./speech";
import { ar } from "./words/ar";
import { en } from "./words/en";
import { es } from "./words/es";
import { fr } from "./words/fr";

interface Stored {
  id: string;
  type: string;
  payload: object;
}

const stored = readFileSync(resolve(import.meta.dirname, "../../domain/stored_forms.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Stored);

const entry = ({ id, type, payload }: Stored, actor = "agt_1"): AuditEntry =>
  ({ type, actor: { kind: "agent", id: actor }, subject: { type: "conversation", id }, data: payload }) as unknown as AuditEntry;

const speech = (lang: string, words: typeof en) => ({ lang, locale: lang, dir: "ltr" as const, words });
const CATALOGUES = { en, es, fr, ar };

describe.each(Object.entries(CATALOGUES))("in %s", (lang, words) => {
  test.each(stored.map((it) => [it.type, it] as const))("%s has a sentence", (_, it) => {
    const said = sentence(entry(it), speech(lang, words), new Map());
    expect(said?.what).toBeTruthy();
    expect(said!.what).not.toMatch(/undefined|null|\[object|: $/);
  });

  test("has words for the same faults as the others", () => {
    expect(Object.keys(words.faults).sort()).toEqual(Object.keys(en.faults).sort());
  });
});

test("a sentence names who did it, as the event or the team knows them", () => {
  const id = "agt_00000000000000000000000000000001";
  const resolved = stored.find((it) => it.type === "ConversationResolved")!;
  expect(sentence(entry(resolved, id), speech("en", en), new Map())).toEqual({ who: "Ana", what: "Conversation resolved" });
  expect(sentence(entry(resolved, "agt_2"), speech("en", en), new Map([["agt_2", "Ben"]]))?.who).toBe("Ben");
  expect(sentence(entry(resolved, "agt_3"), speech("fr", fr), new Map())?.who).toBe("Agent");
});

test("a fault is told in the reader's words, with its numbers, and else as the server says it", () => {
  expect(fault(fr, "must have 1 to 200 characters")).toBe("Il faut de 1 à 200 caractères.");
  expect(fault(es, "must be an e-mail address like jane@example.com")).toBe("Indique una dirección de correo como jane@example.com.");
  expect(fault(ar, "must be a colour like #2563eb")).toContain("#2563eb");
  expect(fault(fr, "must be something new")).toBe("must be something new");
});
