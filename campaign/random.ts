/** Random choices that a printed seed repeats. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  pick<T>(choices: readonly T[]): T;
}

/** The generator "mulberry32" (Tommy Ettinger, public domain): small, and good enough to choose faults. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, pick: (choices) => choices[Math.floor(next() * choices.length)]! };
}
