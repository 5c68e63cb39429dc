/** Parts of a household's day, from their first hour: morning 6, afternoon 12, evening 18, night 22. */
export const TIMES_OF_DAY = ["night", "morning", "afternoon", "evening"] as const;
export type TimeOfDay = (typeof TIMES_OF_DAY)[number];

/**
 * Tells the part of the day in a zone, by the clock on the wall there.
 * @param zone IANA name, such as `Europe/Berlin`
 * @returns a pure function of ms since the epoch
 * @throws RangeError when the zone is unknown
 */
export function timeOfDayIn(zone: string): (at: number) => TimeOfDay {
  const hours = new Intl.DateTimeFormat("en", { timeZone: zone, hour: "numeric", hourCycle: "h23" });
  return (at) => {
    const hour = Number(hours.format(at));
    if (hour < 6 || hour >= 22) return "night";
    if (hour < 12) return "morning";
    return hour < 18 ? "afternoon" : "evening";
  };
}
