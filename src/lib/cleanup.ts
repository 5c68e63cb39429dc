import { messageOf } from "./errors.ts";

/** Stops what was started, last in first out. Each step runs even when another one fails. */
export interface Cleanup {
  /** Registers how something just started is stopped. @param name for the report, such as `http server` */
  add(name: string, stop: () => void | Promise<void>): void;
  /**
   * Runs every step once, one after another; asked again meanwhile, it is the same run.
   * @throws AggregateError naming the steps that failed, after all have run
   */
  run(): Promise<void>;
}

/** Creates an empty `Cleanup`. */
export function cleanup(): Cleanup {
  const steps: { name: string; stop: () => void | Promise<void> }[] = [];
  let running: Promise<void> | undefined;

  const runAll = async (): Promise<void> => {
    const failures: Error[] = [];
    for (let step = steps.pop(); step; step = steps.pop()) {
      try {
        await step.stop();
      } catch (error) {
        failures.push(new Error(`stop ${step.name}: ${messageOf(error)}`, { cause: error }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map((f) => f.message).join("; "));
  };
  return {
    add: (name, stop) => steps.push({ name, stop }),
    run() {
      running ??= runAll().finally(() => {
        running = undefined;
      });
      return running;
    },
  };
}
