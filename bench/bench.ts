/** What a bench measured. `unknown` stands where its conditions did not hold: never a guess. */
export interface Measured {
  readonly figures: Readonly<Record<string, number | string>>;
  readonly ratios: Readonly<Record<string, number | string>>;
}

/** One bench: `npm run bench -- NAME [ARGUMENTS]`. */
export interface Bench {
  readonly name: string;
  /** One sentence: what is compared with what. */
  readonly describe: string;
  /** Measures, and prints its table on the way. */
  run(args: readonly string[]): Promise<Measured>;
}
