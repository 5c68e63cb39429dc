import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { locale } from "./words.ts";

/** The moment that the page calls now, ms since the epoch; moves twice a minute. */
export const Now = createContext(Date.now());

/** What `Now` is given. */
export function useTick(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const ticking = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(ticking);
  }, []);
  return now;
}

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const clock = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
const shortClock = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
const full = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long" });
const dayName = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });

/** `2 minutes ago`, in the largest unit that fits once. @param ms a duration; negative counts as none */
export function ago(ms: number): string {
  const [unit, size] =
    UNITS.find(([, each]) => ms >= each) ?? (["second", Number.POSITIVE_INFINITY] as const);
  return relative.format(-Math.floor(Math.max(0, ms) / size), unit);
}

/** A duration in the largest unit that fits once: `3 hours`. */
export function lasting(ms: number): string {
  const [unit, size] = UNITS.find(([, each]) => ms >= each) ?? (["second", 1_000] as const);
  const value = Math.floor(ms / size);
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(value);
}

/** `14:03`. */
export const timeOfDay = (at: number): string => shortClock.format(at);

/** `Today`, `Yesterday`, or the day's name. */
export function dayOf(at: number, now: number): string {
  const days = Math.round((startOfDay(at) - startOfDay(now)) / 86_400_000);
  return days > -2 && days < 1 ? capital(relative.format(days, "day")) : dayName.format(at);
}

/** A moment: `news` as long ago and the time on hover, `record` to the second and the zone on hover. */
export function When({ at, as }: { at: number; as: "news" | "record" }) {
  const now = useContext(Now);
  return (
    <time dateTime={new Date(at).toISOString()} title={full.format(at)}>
      {as === "news" ? ago(now - at) : clock.format(at)}
    </time>
  );
}

const startOfDay = (at: number): number => new Date(at).setHours(0, 0, 0, 0);
const capital = (text: string): string => text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
