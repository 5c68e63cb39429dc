import { z } from "zod";
import { defineCommand, parameter } from "../command.ts";
import { EXIT, usageError } from "../exit.ts";
import { oneLine } from "../table.ts";
import { counted } from "../time-text.ts";
import { findPerson } from "./queries.ts";

/** Removes a person for good. Asks first, on a terminal. */
export const personRemove = defineCommand({
  examples: ['doorbell person remove "Anna Berg"', "doorbell person remove 0199f3c2 --yes"],
  parameters: {
    person: parameter("<person>", "the name, the id or a beginning of it", z.string()),
    yes: parameter("-y, --yes", "do not ask; needed where there is no terminal", z.boolean().default(false)),
  },
  async run({ person, yes }, { output, client, confirm }) {
    const system = await client();
    const { id, name, enrolments } = await findPerson(system, person);
    const called = oneLine(name || id);
    const lost = `name, photos and ${counted(enrolments, "face")}`;
    const answer = yes || (await confirm(`Remove ${called} for good, with ${lost}?`));
    if (answer === undefined)
      throw usageError(
        `remove person ${called}: there is no terminal to ask on`,
        "Say --yes if you are sure.",
      );
    if (!answer) {
      output.result({ personId: id, removed: false }, () => `${called} was kept\n`);
      return EXIT.failed;
    }
    await output.progress("removing", () => system.send({ method: "DELETE", path: `/api/people/${id}` }));
    output.result(
      { personId: id, removed: true },
      () => `removed ${called}, with ${lost}; past visits no longer say who it was\n`,
    );
    return EXIT.done;
  },
});
