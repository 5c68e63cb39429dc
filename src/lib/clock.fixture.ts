import { systemClock } from "./clock.ts";

export const momentNow = () => systemClock().moment();
