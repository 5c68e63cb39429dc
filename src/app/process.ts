/**
 * The entry of every process of a release: `node process.ts web|worker|ops`. Started by the supervisor, or as
 * PID 1 of a container, it is the same.
 */
import { messageOf } from "../lib/errors.ts";
import { connectToSupervisor, type SupervisorLink } from "../production/deployment/supervisor/child-side.ts";
import type { Ground } from "./ground.ts";
import { version } from "./version.ts";

/** Lives the life of one process, until it is told to stop. */
async function live(role: string | undefined): Promise<void> {
  process.umask(0o077);
  let started: Promise<Ground> | undefined;
  const link = connectToSupervisor({
    role: role ?? "none",
    async onStop() {
      const ground = await started?.catch(() => undefined);
      await ground?.cleanup.run();
    },
    async onReload() {
      return (await started!).reload();
    },
  });
  try {
    started = start(role, link);
    await started;
    link.ready();
  } catch (error) {
    process.stderr.write(`doorbell ${role}: ${messageOf(error)}\n`);
    process.exit(1);
  }
}

async function start(role: string | undefined, link: SupervisorLink): Promise<Ground> {
  const identity = { instance: link.instance, release: link.release ?? version };
  const { descriptor } = link;
  switch (role) {
    case "web":
      return (await import("./web.ts")).startWeb({ role, ...identity }, { descriptor });
    case "worker":
      return (await import("./worker.ts")).startWorker({ role, ...identity });
    case "ops":
      return (await import("./ops.ts")).startOps({ role, ...identity }, { descriptor });
    default:
      throw new Error(`start process: ${role} is none of web, worker, ops`);
  }
}

if (import.meta.main) await live(process.argv[2]);
