import { expect, it } from "vitest";
import { metricsSettings } from "./settings.ts";

it("serves metrics to this machine by default", () => {
  expect(metricsSettings.parse(undefined)).toEqual({ enabled: true, host: "127.0.0.1", port: 8000 });
});

it("wants a token before other machines may ask", () => {
  for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "::1"]) {
    expect(metricsSettings.safeParse({ host }).success).toBe(true);
  }
  for (const host of ["0.0.0.0", "::", "192.168.1.5", "localhost.example.org", "1127.0.0.1"]) {
    expect(metricsSettings.safeParse({ host }).error?.issues).toMatchObject([{ path: ["host"] }]);
    expect(metricsSettings.safeParse({ host, tokenFile: "/etc/doorbell/token" }).success).toBe(true);
  }
});
