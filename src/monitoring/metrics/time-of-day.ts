/** Parts of a household's day, from their first hour: morning 6, afternoon 12, evening 18, night 22. */
export const TIMES_OF_DAY = ["night", "morning", "afternoon", "evening"] as const;
/** One of `TIMES_OF_DAY`. */
export type TimeOfDay = (typeof TIMES_OF_DAY)[number];

/** Every zone is whole quarters of an hour away from UTC: within one, the part of the day does not change. */
const QUARTER_MS = 900_000;

/**
 * Tells the part of the day in a zone, by the clock on the wall there.
 * @param zone IANA name, such as `Europe/Berlin`
 * @returns a function of ms since the epoch, quick as long as it is asked of the same quarter of an hour
 * @throws RangeError when the zone is unknown
 */
export function timeOfDayIn(zone: string): (at: number) => TimeOfDay {
  const hours = new Intl.DateTimeFormat("en", { timeZone: zone, hour: "numeric", hourCycle: "h23" });
  let quarter = Number.NaN;
  let part: TimeOfDay = "night";
  return (at) => {
    const asked = Math.floor(at / QUARTER_MS);
    if (asked !== quarter) part = partOf(Number(hours.format(at)));
    quarter = asked;
    return part;
  };
}

function partOf(hour: number): TimeOfDay {
  if (hour < 6 || hour >= 22) return "night";
  if (hour < 12) return "morning";
  return hour < 18 ? "afternoon" : "evening";
}
