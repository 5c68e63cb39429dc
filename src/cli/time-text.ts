/** A moment as a record has it, in this machine's zone: `2026-11-24 08:03:22`. @param at ms since the epoch */
export function timeText(at: number): string {
  return new Date(at).toLocaleString("sv-SE"); // Swedish writes as ISO 8601 does.
}

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

/** A duration in the largest unit that fits, as a person says it: `3 hours`, `0.4 seconds`. @param ms not negative */
export function durationText(ms: number): string {
  const [unit, size] = UNITS.find(([, least]) => ms >= least) ?? UNITS[3];
  const count = size === 1_000 && ms < 10_000 ? Math.round(ms / 100) / 10 : Math.floor(ms / size);
  return counted(count, unit);
}

/** `1 face`, `2 faces`. @param plural where it is not the word with an s */
export function counted(count: number, word: string, plural = `${word}s`): string {
  return `${count} ${count === 1 ? word : plural}`;
}
