/** What `GET /api/status` answers: the state of each part. */
export interface Status {
  readonly release: string;
  readonly instance: string;
  readonly profile: string;
  readonly uptimeSeconds: number;
  readonly processes: readonly { readonly name: string; readonly state: string }[];
  readonly doors: readonly { readonly id: string; readonly name: string; readonly camera: string }[];
  readonly queue: readonly { readonly kind: string; readonly open: number; readonly dead: number }[];
  readonly outbox: { readonly waiting: number; readonly dead: number };
  readonly channels: readonly {
    readonly name: string;
    readonly kind: string;
    readonly state: "untried" | "working" | "failing" | "silent";
    readonly lastSuccessAt: number | null;
    /** Code of the newest failure that is not mended. */
    readonly lastError: string | null;
  }[];
  readonly people: number;
}

/** States in which a process needs a look; all others are part of its life. */
const AILING = new Set(["backing_off", "crash_looping", "stopped"]);

export const isProcessFine = ({ state }: Status["processes"][number]): boolean => !AILING.has(state);
export const isQueueFine = ({ dead }: Status["queue"][number]): boolean => dead === 0;
export const isOutboxFine = ({ dead }: Status["outbox"]): boolean => dead === 0;
export const isChannelFine = ({ state }: Status["channels"][number]): boolean =>
  state === "untried" || state === "working";

/** How many parts need a look. */
export function ailments(status: Status): number {
  const parts = [
    ...status.processes.map(isProcessFine),
    ...status.queue.map(isQueueFine),
    ...status.channels.map(isChannelFine),
    isOutboxFine(status.outbox),
  ];
  return parts.filter((isFine) => !isFine).length;
}
