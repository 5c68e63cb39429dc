import { z } from "zod";

/** Days as the configuration writes them, in the order of `Date.getDay()`. */
export const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
/** One of `WEEKDAYS`. */
export type Weekday = (typeof WEEKDAYS)[number];

/** What the clock on the wall shows in one zone. */
export interface LocalTime {
  /** `2026-01-31`. */
  readonly date: string;
  readonly weekday: Weekday;
  /** Minutes since the day's 00:00 as the clock shows it, 0 to 1439. */
  readonly minute: number;
}

/** A time of day as the configuration writes it; `24:00` is the end of the day. */
export const timeOfDay = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/, { error: "must be a time of day such as 07:30 or 24:00" });

/** A part of the week by the clock on the wall. */
export const windowSchema = z
  .strictObject({
    days: z
      .array(z.enum(WEEKDAYS))
      .min(1)
      .optional()
      .describe("Days on which it begins, such as `[sat, sun]`; every day where absent."),
    from: timeOfDay.default("00:00").describe("Begin, `HH:MM`, included."),
    to: timeOfDay
      .default("24:00")
      .describe("End, `HH:MM`, not included; earlier than `from` means on the next day."),
  })
  .refine(({ from, to }) => from !== to, { error: "begins and ends at the same minute", path: ["to"] });

/** Whole days where the hours are absent; over midnight where `to` is before `from`. */
export type Window = z.infer<typeof windowSchema>;

/**
 * The wall clock of `zone` at an instant. @param at ms since the epoch
 * @throws RangeError for a zone that is none of IANA's
 */
export function localTime(at: number, zone: string): LocalTime {
  const parts = new Map(
    formatterOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  return {
    date: `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}`,
    weekday: parts.get("weekday")!.toLowerCase() as Weekday,
    minute: Number(parts.get("hour")) * 60 + Number(parts.get("minute")),
  };
}

/**
 * True while the wall clock of `zone` is in the window. Only the clock's face is read, so a day of 23 or 25
 * hours needs no rule of its own: an hour that is skipped is never in a window, one that is shown twice is
 * in it twice. The part after midnight belongs to the day on which the window began.
 */
export function inWindow({ days, from, to }: Window, at: number, zone: string): boolean {
  const { weekday, minute } = localTime(at, zone);
  const begin = minuteOf(from);
  const end = minuteOf(to);
  const begins = (day: Weekday): boolean => days?.includes(day) ?? true;
  if (begin < end) return begins(weekday) && minute >= begin && minute < end;
  return (begins(weekday) && minute >= begin) || (begins(dayBefore(weekday)) && minute < end);
}

/** Minutes since 00:00 of `HH:MM`. */
export function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

function dayBefore(day: Weekday): Weekday {
  return WEEKDAYS[(WEEKDAYS.indexOf(day) + 6) % 7]!;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making a formatter costs a hundred times what using one does. */
function formatterOf(zone: string): Intl.DateTimeFormat {
  const kept = formatters.get(zone);
  if (kept) return kept;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    weekday: "short",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  });
  formatters.set(zone, made);
  return made;
}
