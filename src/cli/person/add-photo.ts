import { z } from "zod";
import { defineCommand, parameter } from "../command.ts";
import { enrolFaces, enrolledExit, enrolledText, faceParameters, readFaces } from "./enrol.ts";
import { findPerson } from "./queries.ts";

/** Adds photos, or a face of a past visit, to a person who is there. */
export const personAddPhoto = defineCommand({
  examples: [
    'doorbell person add-photo "Anna Berg" --photo anna-4.jpg',
    "doorbell person add-photo 0199f3c2 --face 0b9c8f7e-5d1e-8a44-9c3b-2f6f0a7d1e55",
  ],
  parameters: {
    person: parameter("<person>", "the name, the id or a beginning of it", z.string()),
    ...faceParameters,
  },
  async run({ person, ...given }, { output, client }) {
    const faces = await readFaces(given);
    const deps = { client: await client(), note: output.note };
    const { id, name } = await findPerson(deps.client, person);
    const result = await output.progress("adding", (report) =>
      enrolFaces(faces, { personId: id }, { ...deps, report }),
    );
    output.result(result, () => enrolledText(result, name, "added to"));
    return enrolledExit(result);
  },
});
