import { defineCommand } from "../command.ts";
import { table } from "../table.ts";
import { timeText } from "../time-text.ts";
import { listPeople } from "./queries.ts";

/** Lists the people whom the system knows. */
export const personList = defineCommand({
  examples: ["doorbell person list", "doorbell person list --json"],
  async run(_, { output, client }) {
    const people = await output.progress("reading people", async () => listPeople(await client()));
    output.result({ people }, () => {
      if (people.length === 0) return "nobody yet: doorbell person add NAME --photo FILE\n";
      const rows = people.map((one) => [
        one.id,
        one.name || "(removed)",
        one.enrolments,
        one.watchlisted ? "yes" : "no",
        timeText(one.createdAt),
      ]);
      return table(["ID", "NAME", "FACES", "WATCHLIST", "SINCE"], rows);
    });
  },
});
