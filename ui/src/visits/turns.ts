/**
 * Runs tasks one after the other, so that no answer overtakes a newer one. A key that waits for its turn already
 * does not get a second. Tasks must not reject.
 */
export function turns(): (key: string, task: () => Promise<void>) => Promise<void> {
  const waiting = new Map<string, Promise<void>>();
  let last = Promise.resolve();
  return (key, task) => {
    const before = waiting.get(key);
    if (before) return before;
    last = last.then(() => {
      waiting.delete(key);
      return task();
    });
    waiting.set(key, last);
    return last;
  };
}
