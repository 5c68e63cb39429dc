import { expect, it } from "vitest";
import type { Database } from "../storage/database.ts";
import { calmly } from "./calm.ts";

function noisy(): { database: Database; commit: () => void; listeners: Set<() => void> } {
  const listeners = new Set<() => void>();
  const onCommit = (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const commit = (): void => {
    for (const listener of listeners) listener();
  };
  const database = { onCommit } as unknown as Database;
  return { database, listeners, commit };
}

it("tells of the first commit at once, and of all that follow within the gap together", async () => {
  const { database, commit } = noisy();
  let told = 0;
  const again = Promise.withResolvers<void>();
  const stop = calmly(database, 5).onCommit(() => {
    told += 1;
    if (told === 2) again.resolve();
  });
  for (let i = 0; i < 100; i++) commit();
  expect(told).toBe(1);
  await again.promise;
  expect(told).toBe(2);
  stop();
});

it("tells nothing after it was stopped", () => {
  const { database, commit, listeners } = noisy();
  let told = 0;
  const stop = calmly(database, 5).onCommit(() => void told++);
  commit();
  commit();
  stop();
  expect([told, listeners.size]).toEqual([1, 0]);
});
