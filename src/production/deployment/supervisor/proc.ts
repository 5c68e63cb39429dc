import { readdirSync, readFileSync, readlinkSync } from "node:fs";

// What Linux tells about other processes under /proc. What it does not tell (another user's process, no
// /proc at all) counts as nothing known: every caller has an answer for that.

/** The process that listens on a TCP port, such as `process 812 (nginx -g daemon off;)`; undefined if not told. */
export function portHolder(port: number): string | undefined {
  const sockets = new Set(listeningInodes(port).map((inode) => `socket:[${inode}]`));
  const pid = processIds().find((candidate) => openFiles(candidate).some((file) => sockets.has(file)));
  if (pid === undefined) return undefined;
  const command = read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
  return `process ${pid} (${command.slice(0, 120)})`;
}

/** Ids of the living processes, but for this one, that were started with the environment variable so set. */
export function processesWith(variable: string, value: string): number[] {
  const entry = `\0${variable}=${value}\0`;
  return processIds().filter(
    (pid) => pid !== process.pid && `\0${read(`/proc/${pid}/environ`)}`.includes(entry),
  );
}

/** Kills a process, or by its negated id a process group. One that is gone already is what was wanted. */
export function killHard(pid: number): void {
  orElse(undefined, () => process.kill(pid, "SIGKILL"));
}

/** Fields of /proc/net/tcp (proc_pid_net(5)): local address:port in hex is the 2nd, state the 4th, inode the 10th. */
function listeningInodes(port: number): string[] {
  const LISTEN = "0A";
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return `${read("/proc/net/tcp")}\n${read("/proc/net/tcp6")}`
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === LISTEN)
    .map((fields) => fields[9] ?? "");
}

function processIds(): number[] {
  return list("/proc").map(Number).filter(Number.isInteger);
}

function openFiles(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return list(folder).map((fd) => orElse("", () => readlinkSync(`${folder}/${fd}`)));
}

const list = (folder: string): string[] => orElse([], () => readdirSync(folder));
const read = (file: string): string => orElse("", () => readFileSync(file, "utf8"));

function orElse<T, F>(fallback: F, look: () => T): T | F {
  try {
    return look();
  } catch {
    return fallback;
  }
}
