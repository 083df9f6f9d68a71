/** The inbox's language, for every component. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
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
