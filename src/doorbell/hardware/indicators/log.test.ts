import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { temporaryFolder } from "../../../testing/guard.ts";
import { indicatorContract } from "./indicator.contract.ts";
import { logIndicator } from "./log.ts";

indicatorContract("log", async () => {
  const file = join(temporaryFolder(), "doorbell.log");
  const destination = pino.destination({ dest: file, sync: true });
  return {
    indicator: logIndicator({ log: pino(destination) }),
    async shown() {
      const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
      return lines.map((line) => JSON.parse(line)).map(({ doorId, state }) => ({ doorId, state }));
    },
    close: async () => destination.end(),
  };
});
