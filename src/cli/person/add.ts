import { z } from "zod";
import { defineCommand, parameter } from "../command.ts";
import { enrolFaces, enrolledExit, enrolledText, faceParameters, readFaces } from "./enrol.ts";

/** Adds a person with photos, or with a face of a past visit. */
export const personAdd = defineCommand({
  examples: [
    'doorbell person add "Anna Berg" --photo anna.jpg',
    'doorbell person add "Anna Berg" --photo anna-1.jpg anna-2.jpg anna-3.jpg',
    'doorbell person add "The man with the hat" --face 0b9c8f7e-5d1e-8a44-9c3b-2f6f0a7d1e55 --watchlist',
  ],
  parameters: {
    name: parameter("<name>", "the name, in any script", z.string()),
    ...faceParameters,
    watchlist: parameter("--watchlist", "put them on the watchlist", z.boolean().default(false)),
  },
  async run({ name, watchlist, ...given }, { output, client }) {
    const faces = await readFaces(given);
    const deps = { client: await client(), note: output.note };
    const result = await output.progress("adding", (report) =>
      enrolFaces(faces, { name, watchlisted: watchlist }, { ...deps, report }),
    );
    output.result(result, () => enrolledText(result, name, "added"));
    return enrolledExit(result);
  },
});
