/** Ticks since the boot, over all cores. */
export interface CpuTimes {
  readonly busy: number;
  readonly total: number;
}

/** Reads `/proc/stat`: idle is `idle` and `iowait` (proc_stat(5)); guest time is in `user` already. */
export function parseCpuTimes(stat: string): CpuTimes {
  const line = /^cpu +(.+)$/m.exec(stat)?.[1] ?? "";
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = line
    .split(" ")
    .map(Number);
  const busy = user + nice + system + irq + softirq + steal;
  return { busy, total: busy + idle + iowait };
}

/** Memory of the machine, bytes. */
export interface Memory {
  readonly total: number;
  /** MemTotal - MemAvailable: what the kernel could not give to a new program without swapping. */
  readonly used: number;
}

/** Reads `/proc/meminfo`. @returns undefined when it lacks a figure, as before Linux 3.14 */
export function parseMemory(meminfo: string): Memory | undefined {
  const bytes = (key: string) => Number(new RegExp(`^${key}: +(\\d+) kB$`, "m").exec(meminfo)?.[1]) * 1024;
  const total = bytes("MemTotal");
  const used = total - bytes("MemAvailable");
  return Number.isNaN(used) ? undefined : { total, used };
}

/** A mounted disk. */
export interface Mount {
  readonly source: string;
  readonly mountPoint: string;
  /** On another machine, so that asking it may hang. */
  readonly network: boolean;
}

const NETWORK = /^(?:nfs|cifs|smb|ceph|9p|glusterfs|fuse\.(?:sshfs|glusterfs|rclone))/;
const REAL =
  /^(?:ext[234]|xfs|btrfs|zfs|f2fs|jfs|reiserfs|bcachefs|vfat|exfat|ntfs3?|fuseblk|hfsplus|ubifs|overlay)$/;
/** Layers of containers, each on a disk that is counted already. */
const LAYER = /^\/var\/lib\/(?:docker|containers|containerd)\//;

/**
 * Reads `/proc/mounts`: real disks, each once even when it is mounted in several places (there under its
 * shortest path), and the overlay that is a container's root.
 */
export function parseMounts(mounts: string): Mount[] {
  const bySource = new Map<string, Mount>();
  for (const line of mounts.split("\n")) {
    const [source = "", mountPoint = "", type = ""] = line.split(" ").map(unescapeOctal);
    const network = NETWORK.test(type);
    if (!(network || REAL.test(type)) || LAYER.test(mountPoint)) continue;
    if (type === "overlay" && mountPoint !== "/") continue;
    const known = bySource.get(source);
    if (!known || mountPoint.length < known.mountPoint.length)
      bySource.set(source, { source, mountPoint, network });
  }
  return [...bySource.values()];
}

/** Space, tab, line break and backslash stand as `\040` and so on in `/proc/mounts` (proc_pid_mounts(5)). */
function unescapeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** The part of `statfs` that is used, in blocks. */
export interface Blocks {
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
}

/** How full a disk is for an ordinary user, as `df` tells it, percent; undefined for one without blocks. */
export function diskPercent({ blocks, bfree, bavail }: Blocks): number | undefined {
  const used = blocks - bfree;
  return used + bavail > 0 ? (100 * used) / (used + bavail) : undefined;
}
