import { region } from "./words.ts";

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

const relative = new Intl.RelativeTimeFormat(region, { numeric: "auto" });
const minutes = new Intl.DateTimeFormat(region, { timeStyle: "short" });
const seconds = new Intl.DateTimeFormat(region, { timeStyle: "medium" });
const dated = new Intl.DateTimeFormat(region, { dateStyle: "medium", timeStyle: "medium" });
const full = new Intl.DateTimeFormat(region, { dateStyle: "full", timeStyle: "long" });
const dayName = new Intl.DateTimeFormat(region, { weekday: "long", day: "numeric", month: "long" });

/** `2 minutes ago`, in the largest unit that fits once. @param ms a duration; negative counts as none */
export function ago(ms: number): string {
  const [unit, size] =
    UNITS.find(([, each]) => ms >= each) ?? (["second", Number.POSITIVE_INFINITY] as const);
  return relative.format(-Math.floor(Math.max(0, ms) / size), unit);
}

/** A duration in the largest unit that fits once: `3 hours`. @param ms not negative */
export function lasting(ms: number): string {
  const [unit, size] = UNITS.find(([, each]) => ms >= each) ?? (["second", 1_000] as const);
  const value = Math.floor(ms / size);
  return new Intl.NumberFormat(region, { style: "unit", unit, unitDisplay: "long" }).format(value);
}

/** `14:03`. @param at ms since the epoch, as everywhere here */
export const timeOfDay = (at: number): string => minutes.format(at);

/** `14:03:22`, and with its day where that is not today. */
export const recorded = (at: number, now: number): string =>
  (startOfDay(at) === startOfDay(now) ? seconds : dated).format(at);

/** All that can be said of a moment, zone included. */
export const inFull = (at: number): string => full.format(at);

/** `Today`, `Yesterday`, or the day's name. */
export function dayOf(at: number, now: number): string {
  const days = Math.round((startOfDay(at) - startOfDay(now)) / 86_400_000);
  return days === 0 || days === -1 ? capital(relative.format(days, "day")) : dayName.format(at);
}

const startOfDay = (at: number): number => new Date(at).setHours(0, 0, 0, 0);
const capital = (text: string): string => text.charAt(0).toLocaleUpperCase(region) + text.slice(1);
