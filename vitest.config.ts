import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "ui/src/**/*.test.ts", "test/**/*.test.ts"],
    // Real child processes and sockets: a fork a file keeps their handles apart.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    setupFiles: ["src/testing/guard.ts"],
  },
});
