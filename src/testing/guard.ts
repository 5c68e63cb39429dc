import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";

/**
 * What every test file leaves behind is nothing: no child process, no server, no timer that holds the
 * process, no folder made with `temporaryFolder`. Looked at after the last test of a file.
 */
const HELD = new Set(["ProcessWrap", "TCPServerWrap", "PipeServerWrap", "Worker", "FSEventWrap"]);

let before: string[] = [];
const folders = new Set<string>();

/** A new empty folder, removed after the file's last test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "doorbell-test-"));
  folders.add(folder);
  return folder;
}

const held = (): string[] => process.getActiveResourcesInfo().filter((kind) => HELD.has(kind));

beforeAll(() => {
  before = held();
});

afterAll(async () => {
  for (let tries = 0; tries < 20 && held().length > before.length; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  expect(held(), "handles left open by this file's tests").toEqual(before);
  expect([...folders].filter((folder) => existsSync(folder) && readdirSync(folder).length > 0)).toEqual([]);
});
