/** Support hours, as they are edited: any number of spans on each day. */
import { DAYS, type Hours, type Span } from "./api";

export type HoursFault = "empty" | "order" | "overlap";

/** Office hours to begin with, where the reader is. */
export function usualHours(timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone): Hours {
  return { timeZone, week: DAYS.slice(0, 5).map((day) => ({ day, from: "09:00", to: "17:00" })) };
}

/** What is wrong with each span, by its place in the week. */
export function faults(week: readonly Span[]): Map<number, HoursFault> {
  const found = new Map<number, HoursFault>();
  week.forEach((span, at) => {
    if (!span.from || !span.to) found.set(at, "empty");
    else if (span.to <= span.from) found.set(at, "order");
    else if (week.slice(0, at).some((it) => it.day === span.day && it.from < span.to && span.from < it.to)) {
      found.set(at, "overlap");
    }
  });
  return found;
}

/** The span that is added to a day: after what there is, as far as the day goes. */
export function nextSpan(week: readonly Span[], day: Span["day"]): Span {
  const last = week.filter((it) => it.day === day).map((it) => it.to).sort().at(-1);
  if (!last) return { day, from: "09:00", to: "17:00" };
  const hour = Math.min(Number(last.slice(0, 2)) + 1, 22);
  return { day, from: `${two(hour)}:00`, to: `${two(Math.min(hour + 3, 23))}:00` };
}

/** In the order of the week. */
export function sorted(week: readonly Span[]): Span[] {
  return [...week].sort((a, b) => DAYS.indexOf(a.day) - DAYS.indexOf(b.day) || a.from.localeCompare(b.from));
}

/** The name of a day. */
export function dayName(locale: string, day: Span["day"]): string {
  // The 1st of January 2024 was a Monday.
  const date = new Date(Date.UTC(2024, 0, 1 + DAYS.indexOf(day)));
  return new Intl.DateTimeFormat(locale, { weekday: "long", timeZone: "UTC" }).format(date);
}

const two = (value: number): string => String(value).padStart(2, "0");
