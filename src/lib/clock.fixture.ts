import { systemClock } from "./clock.ts";

/** The real clock's moment, for child processes of tests. */
export const momentNow = () => systemClock().moment();
