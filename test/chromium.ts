import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PATH = "/usr/bin/chromium";

/** Why there is no browser here; undefined where there is one. With REQUIRE_SERVICES=1 that is an error. */
export const whyNoChromium: string | undefined = existsSync(PATH)
  ? undefined
  : `no browser at ${PATH}: scripts/install-services brings it`;
if (whyNoChromium && process.env.REQUIRE_SERVICES === "1") throw new Error(whyNoChromium);

/** Starts Chromium without a window, and without whatever it would tell or ask the world. */
export function startChromium(): Promise<Browser> {
  const args = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  return chromium.launch({ executablePath: PATH, args });
}
