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
      door: "look at the doors",
      person: "the people whom the system knows",
      setup: "the first steps of an owner",
      token: "the API tokens of programs",
      visit: "look at visits",
    },
    commands: {
      up: {
        summary: "run the system",
        load: async () => (await import("./up.ts")).upCommand,
      },
      status: {
        summary: "tell the state of each part",
        load: async () => (await import("./status.ts")).status,
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
      "person list": {
        summary: "list the people whom the system knows",
        load: async () => (await import("./person/list.ts")).personList,
      },
      "person add": {
        summary: "add a person with photos, or with a face of a past visit",
        load: async () => (await import("./person/add.ts")).personAdd,
      },
      "person add-photo": {
        summary: "add photos, or a face of a past visit, to a person",
        load: async () => (await import("./person/add-photo.ts")).personAddPhoto,
      },
      "person watchlist": {
        summary: "put a person on the watchlist, or take them off",
        load: async () => (await import("./person/watchlist.ts")).personWatchlist,
      },
      "person remove": {
        summary: "remove a person and all that is held on them",
        load: async () => (await import("./person/remove.ts")).personRemove,
      },
      "door list": {
        summary: "list the doors and what their cameras are",
        load: async () => (await import("./door-list.ts")).doorList,
      },
      "setup link": {
        summary: "make a one-time address that sets the owner's password",
        load: async () => (await import("./setup-link.ts")).setupLink,
      },
      "token create": {
        summary: "make an API token and print it, this once",
        load: async () => (await import("./token/create.ts")).tokenCreate,
      },
      "token list": {
        summary: "list the API tokens",
        load: async () => (await import("./token/list.ts")).tokenList,
      },
      "token remove": {
        summary: "end an API token",
        load: async () => (await import("./token/remove.ts")).tokenRemove,
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
