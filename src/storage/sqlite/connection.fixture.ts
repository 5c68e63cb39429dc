import { writeSync } from "node:fs";
import { openConnection } from "./connection.ts";

/** Takes the write lock, says `held`, and gives it back after `holdMs`, blocking all the while. */
export function holdLock(path: string, holdMs: number): void {
  const connection = openConnection(path, { readOnly: false });
  connection.begin(10_000);
  writeSync(1, "held\n");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, holdMs);
  connection.exec("rollback");
  connection.close();
}

/** Writes its name down, waits for another to do so too, then goes on as fast as it can, each time holding the lock for `holdMs`. */
export function writeInTurn(path: string, name: string, holdMs: number): void {
  const connection = openConnection(path, { readOnly: false });
  const writeOnce = (): void => {
    connection.begin(30_000);
    connection.run("insert into turn (name) values (?)", [name]);
    for (const until = performance.now() + holdMs; performance.now() < until; );
    connection.exec("commit");
  };
  writeOnce();
  while (connection.all("select 1 from turn where name <> ?", [name]).length === 0);
  for (let turn = 0; turn < 100; turn++) writeOnce();
  connection.close();
}
