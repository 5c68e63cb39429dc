import type { Reload } from "./config-reload.ts";
import type { Registry } from "./program.ts";

/** What commands get from the parts that are wired elsewhere. */
export interface CommandDeps {
  /** Has the running system read its configuration again. */
  readonly reload: Reload;
}

/** Every command of the program. */
export function allCommands({ reload }: CommandDeps): Registry {
  return {
    groups: {
      config: "look over, show and reload the configuration",
      visit: "look at visits",
    },
    commands: {
      up: {
        summary: "run the system",
        load: async () => (await import("./up.ts")).upCommand,
      },
      press: {
        summary: "ring at a door",
        load: async () => (await import("./press.ts")).press,
      },
      "visit list": {
        summary: "list visits, newest first, or watch them as they come",
        load: async () => (await import("./visit/list.ts")).visitList,
      },
      "visit show": {
        summary: "tell all of one visit, and why it was decided so",
        load: async () => (await import("./visit/show.ts")).visitShow,
      },
      "visit ack": {
        summary: "say that somebody has seen it: nobody else is told",
        load: async () => (await import("./visit/ack.ts")).visitAck,
      },
      "config check": {
        summary: "say every problem of the configuration with its place",
        load: async () => (await import("./config-check.ts")).configCheck,
      },
      "config show": {
        summary: "print the configuration in effect and where each value comes from",
        load: async () => (await import("./config-show.ts")).configShow,
      },
      "config reload": {
        summary: "bring a changed configuration into effect",
        load: async () => (await import("./config-reload.ts")).configReload(reload),
      },
    },
  };
}
