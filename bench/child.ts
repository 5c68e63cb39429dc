import { fork } from "node:child_process";

/** Runs a script in a process of its own, with one argument as JSON, and resolves with what it reports by IPC. */
export function inChild<T>(script: URL, order: object): Promise<T> {
  const child = fork(script, [JSON.stringify(order)]);
  return new Promise((resolve, reject) => {
    child.once("message", (report) => resolve(report as T));
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${script} ended with ${code} and without a report`)));
  });
}
