/** The portal's language, for every component. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { ApiError } from "../api/client";
import * as speaker from "../i18n/speaker";
import { en, type Words } from "./words/en";

export type Speech = speaker.Speech<Words>;

const CATALOGUES: speaker.Catalogues<Words> = {
  en: async () => en,
  es: async () => (await import("./words/es")).es,
  fr: async () => (await import("./words/fr")).fr,
  ar: async () => (await import("./words/ar")).ar,
};

const english: Speech = speaker.inEnglish(en);

/** Makes the page speak. */
export const speak = (asked: string | null): Promise<Speech> => speaker.spoken(asked, CATALOGUES, english);

export const Speaking = createContext(english);

export const useSpeech = (): Speech => useContext(Speaking);

/** What went wrong, in the reader's words where we have them, else in the server's. */
export function said(words: Words, error: unknown): string {
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 429) return words.errors.slowDown(String(Math.max(1, error.retryAfter)));
  if (error.status === 0) return words.errors.unreachable;
  if (error.status >= 500) return words.errors.server;
  return words.errors.byCode[error.code] ?? (error.message || words.errors.server);
}

/** A moment: its day and its time of day. */
export function moment(locale: string, at: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));
}

/** How long ago something was, as people say it. */
export function ago(locale: string, at: string, now = Date.now()): string {
  const seconds = (Date.parse(at) - now) / 1_000;
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1)!;
  return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(Math.round(seconds / length), unit);
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** What is wrong with a field, which the server says in English, in the reader's words where we have them. */
export function fault({ faults }: Words, told: string): string {
  const exact = faults[told];
  if (exact) return exact;
  const numbers = told.match(NUMBER) ?? [];
  const said = faults[told.replace(NUMBER, "#")];
  return said ? numbers.reduce((text, number) => text.replace("#", number), said) : told;
}

const NUMBER = /\d+/g;
