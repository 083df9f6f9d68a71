/** The times until which a conversation is usually let rest. */

export type Preset = "hour" | "evening" | "tomorrow" | "monday" | "week";

const HOUR = 3_600_000;
const MORNING = 9;
const EVENING = 18;

/** The presets that make sense now, each with its time, the nearest first. */
export function presets(now: Date): { name: Preset; until: Date }[] {
  const at = (days: number, hour: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
  const all: { name: Preset; until: Date }[] = [
    { name: "hour", until: new Date(Math.ceil((now.getTime() + HOUR) / 60_000) * 60_000) },
    { name: "evening", until: at(0, EVENING) },
    { name: "tomorrow", until: at(1, MORNING) },
    { name: "monday", until: at(((8 - now.getDay()) % 7) || 7, MORNING) },
    { name: "week", until: at(7, MORNING) },
  ];
  const far = (it: { name: Preset; until: Date }) => it.name !== "evening" || it.until.getTime() - now.getTime() > HOUR;
  const once = (it: { until: Date }, index: number) =>
    all.findIndex((other) => other.until.getTime() === it.until.getTime()) === index;
  return all.filter((it, index) => far(it) && once(it, index)).sort((a, b) => a.until.getTime() - b.until.getTime());
}

/** A time as a field for date and time writes it, in the reader's own zone. */
export function fieldValue(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
