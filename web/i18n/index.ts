/** Which language a page speaks, and how it says numbers and times in it. */
import { en, type Words } from "./en";
import * as speaker from "./speaker";

/** A page's language. */
export type Speech = speaker.Speech<Words>;

/** English. */
export const english: Speech = speaker.inEnglish(en);

/** Makes a customer's page speak. */
export const speak = (asked: string | null): Promise<Speech> => speaker.spoken(asked, CATALOGUES, english);

const CATALOGUES: speaker.Catalogues<Words> = {
  en: async () => en,
  es: async () => (await import("./es")).es,
  fr: async () => (await import("./fr")).fr,
  ar: async () => (await import("./ar")).ar,
};

/** A time of day. */
export function clock(locale: string, at: string): string {
  return new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" }).format(new Date(at));
}

/** A day, by its name when it is near. */
export function day(locale: string, at: string, now = new Date()): string {
  const date = new Date(at);
  const days = Math.round((midnight(date) - midnight(now)) / 86_400_000);
  if (days > -2 && days < 1) return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(days, "day");
  const year = date.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", year }).format(date);
}

/** A time that is to come, with its day unless that is today. */
export function soon(locale: string, at: string, now = new Date()): string {
  const date = new Date(at);
  const days = Math.round((midnight(date) - midnight(now)) / 86_400_000);
  if (days === 0) return clock(locale, at);
  const time = { hour: "numeric", minute: "2-digit" } as const;
  const near = days < 7 ? ({ weekday: "long" } as const) : ({ weekday: "long", day: "numeric", month: "long" } as const);
  return new Intl.DateTimeFormat(locale, { ...near, ...time }).format(date);
}

/** A length of time, as roughly as people say it. */
export function duration(locale: string, seconds: number): string {
  const [value, unit] =
    seconds < 90 * 60 ? [Math.max(1, Math.round(seconds / 60)), "minute"] : [Math.round(seconds / 3600), "hour"];
  return new Intl.NumberFormat(locale, { style: "unit", unit: unit as string, unitDisplay: "long" }).format(value as number);
}

/** How large a file is. */
export function size(locale: string, bytes: number): string {
  const [value, unit] = bytes < 1_000_000 ? [Math.ceil(bytes / 1_000), "kilobyte"] : [bytes / 1_000_000, "megabyte"];
  const style = { style: "unit", unit: unit as string, maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(locale, style).format(value as number);
}

export function number(locale: string, value: number): string {
  return new Intl.NumberFormat(locale).format(value);
}

function midnight(date: Date): number {
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
}
