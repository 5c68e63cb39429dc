import { chmod, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/**
 * Listens on a socket in the file system that this user alone can open. It comes into being in a folder
 * closed to everybody else, and then takes the place of whatever a process before left under its name.
 * Returns how to remove it again, which does nothing once another process has taken the place over.
 */
export async function publishSocket(
  path: string,
  listen: (path: string) => Promise<void>,
): Promise<() => Promise<void>> {
  const folder = await mkdtemp(`${path}.`);
  try {
    const hidden = join(folder, "s");
    await listen(hidden);
    await chmod(hidden, 0o600);
    await rename(hidden, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const { ino } = await stat(path);
  return async () => {
    const current = await stat(path).catch(() => undefined);
    if (current?.ino === ino) await rm(path, { force: true });
  };
}
