/** The portal's language, for every component. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { ApiError } from "../api/client";
import { chosen } from "../i18n";
import { en, type Words } from "./words/en";

export interface Speech {
  lang: string;
  /** The language as the reader's region writes numbers and times. */
  locale: string;
  dir: "ltr" | "rtl";
  words: Words;
}

const LANGUAGES: Record<string, () => Promise<Words>> = {
  en: async () => en,
  es: async () => (await import("./words/es")).es,
  fr: async () => (await import("./words/fr")).fr,
  ar: async () => (await import("./words/ar")).ar,
};

const english: Speech = { lang: "en", locale: "en", dir: "ltr", words: en };

/** Makes the page speak: what is asked for in its address comes before what the browser prefers. */
export async function speak(asked: string | null): Promise<Speech> {
  const lang = chosen([asked, ...navigator.languages]);
  try {
    const words = await LANGUAGES[lang]!();
    const locale = navigator.languages.find((it) => it.slice(0, 2) === lang) ?? lang;
    const speech: Speech = { lang, locale, dir: lang === "ar" ? "rtl" : "ltr", words };
    document.documentElement.lang = speech.lang;
    document.documentElement.dir = speech.dir;
    return speech;
  } catch {
    return english;
  }
}

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
