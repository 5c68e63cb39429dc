import { describe, expect, it } from "vitest";
import { diskPercent, parseCpuTimes, parseMemory, parseMounts } from "./procfs.ts";

describe("/proc/stat", () => {
  it("gives busy and total ticks of all cores, guests counted once", () => {
    const text = "cpu  100 20 30 400 50 6 7 8 90 10\ncpu0 1 1 1 1 1 1 1 1 1 1\nintr 5\n";
    expect(parseCpuTimes(text)).toEqual({ busy: 171, total: 621 });
  });

  it("reads an old kernel's shorter line, and nothing as nothing", () => {
    expect(parseCpuTimes("cpu  1 2 3 4\n")).toEqual({ busy: 6, total: 10 });
    expect(parseCpuTimes("")).toEqual({ busy: 0, total: 0 });
  });
});

describe("/proc/meminfo", () => {
  it("counts as used what is not available", () => {
    const text = "MemTotal:        8000 kB\nMemFree:          100 kB\nMemAvailable:    6000 kB\n";
    expect(parseMemory(text)).toEqual({ total: 8_192_000, used: 2_048_000 });
  });

  it("gives nothing without the available memory", () => {
    expect(parseMemory("MemTotal:        8000 kB\nMemFree:          100 kB\n")).toBeUndefined();
    expect(parseMemory("")).toBeUndefined();
  });
});

/** From a Raspberry Pi with a network share, a snap, and a container beside it. */
const MOUNTS = `/dev/mmcblk0p2 / ext4 rw,noatime 0 0
devtmpfs /dev devtmpfs rw 0 0
proc /proc proc rw 0 0
tmpfs /run tmpfs rw 0 0
/dev/mmcblk0p1 /boot/firmware vfat rw 0 0
/dev/loop3 /snap/core/17 squashfs ro 0 0
/dev/sda1 /media/USB\\040stick\\134x exfat rw 0 0
/dev/mmcblk0p2 /var/lib/bind ext4 rw 0 0
nas:/captures /srv/nas nfs4 rw 0 0
nas:/captures /srv/nas/again nfs4 rw 0 0
overlay /var/lib/docker/overlay2/ab/merged overlay rw 0 0
tank/data /data zfs rw 0 0
gvfsd-fuse /run/user/1000/gvfs fuse.gvfsd-fuse rw 0 0
me@host: /mnt/host fuse.sshfs rw 0 0
`;

describe("/proc/mounts", () => {
  it("gives each real disk once, under its shortest path, and says which are far away", () => {
    expect(parseMounts(MOUNTS).map(({ mountPoint, network }) => [mountPoint, network])).toEqual([
      ["/", false],
      ["/boot/firmware", false],
      ["/media/USB stick\\x", false],
      ["/srv/nas", true],
      ["/data", false],
      ["/mnt/host", true],
    ]);
  });

  it("gives a container its root and its volume, not the files mounted into it", () => {
    const inside = `overlay / overlay rw 0 0
proc /proc proc rw 0 0
/dev/sda1 /etc/hosts ext4 rw 0 0
/dev/sda1 /data ext4 rw 0 0
shm /dev/shm tmpfs rw 0 0
`;
    expect(parseMounts(inside).map(({ mountPoint }) => mountPoint)).toEqual(["/", "/data"]);
  });

  it("gives nothing for nothing", () => {
    expect(parseMounts("")).toEqual([]);
  });
});

describe("the fill of a disk", () => {
  it("leaves out what is reserved for root, as df does", () => {
    expect(diskPercent({ blocks: 100, bfree: 40, bavail: 35 })).toBeCloseTo((100 * 60) / 95);
  });

  it("is unknown where there are no blocks", () => {
    expect(diskPercent({ blocks: 0, bfree: 0, bavail: 0 })).toBeUndefined();
  });
});
