/** The inbox's language, for every component. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
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

/** How long ago, or how far ahead, in the shortest usual words. */
export function ago(locale: string, at: string, now = Date.now()): string {
  const seconds = (Date.parse(at) - now) / 1_000;
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1)!;
  const value = Math.max(Math.round(Math.abs(seconds) / length), unit === "minute" ? 1 : 0);
  const words = new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "narrow" });
  return words.format(value);
}

const UNITS: [string, number][] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** A moment: the time of day when it is today, else with its day. */
export function moment(locale: string, at: string): string {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  const day: Intl.DateTimeFormatOptions = today ? {} : { weekday: "short", day: "numeric", month: "short" };
  return new Intl.DateTimeFormat(locale, { ...day, hour: "numeric", minute: "2-digit" }).format(date);
}

/** A file's size. */
export function size(locale: string, bytes: number): string {
  const [value, unit] = bytes < 1_000_000 ? [Math.max(1, bytes / 1_000), "kilobyte"] : [bytes / 1_000_000, "megabyte"];
  const words = new Intl.NumberFormat(locale, { style: "unit", unit: unit as string, maximumFractionDigits: value < 10 ? 1 : 0 });
  return words.format(value as number);
}
