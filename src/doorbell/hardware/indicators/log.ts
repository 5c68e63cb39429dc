import { type Indicator, indicatorClosed } from "./indicator.ts";

/** The part of a structured log (pino) that the driver writes to. */
export interface IndicatorLog {
  info(fields: Readonly<Record<string, string>>, message: string): void;
}

/** Writes each state as one line, for doors without a light and for trying the system out. */
export function logIndicator(deps: { readonly log: IndicatorLog }): Indicator {
  let closed = false;
  return {
    kind: "log",
    async show(state, doorId) {
      if (closed) throw indicatorClosed("log");
      deps.log.info({ doorId, state }, "indicator shows state");
    },
    async close() {
      closed = true;
    },
  };
}
