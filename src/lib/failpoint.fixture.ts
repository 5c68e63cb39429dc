import { writeSync } from "node:fs";
import { failpoint } from "./failpoint.ts";

/** Passes a failpoint so many times and says each time that it came past. */
export function passOften(name: string, times: number): void {
  for (let time = 1; time <= times; time++) {
    failpoint(name);
    writeSync(1, `${time}\n`);
  }
}
