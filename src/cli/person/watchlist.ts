import { z } from "zod";
import { personView } from "../../doorbell/api.ts";
import { ask } from "../ask.ts";
import { defineCommand, parameter } from "../command.ts";
import { oneLine } from "../table.ts";
import { findPerson } from "./queries.ts";

/** Puts a person on the watchlist, or takes them off. */
export const personWatchlist = defineCommand({
  examples: ['doorbell person watchlist "Anna Berg" on', "doorbell person watchlist 0199f3c2 off"],
  parameters: {
    person: parameter("<person>", "the name, the id or a beginning of it", z.string()),
    state: parameter("<state>", "on or off", z.enum(["on", "off"])),
  },
  async run({ person, state }, { output, client }) {
    const changed = await output.progress("changing the watchlist", async () => {
      const system = await client();
      const { id } = await findPerson(system, person);
      const json = { watchlisted: state === "on" };
      return ask(system, personView, { method: "PATCH", path: `/api/people/${id}`, json });
    });
    output.result(changed, () => {
      const where = changed.watchlisted ? "is on the watchlist" : "is not on the watchlist";
      return `${oneLine(changed.name)} ${where}\n`;
    });
  },
});
