import { z } from "zod";
import { type PersonView, personView } from "../../doorbell/api.ts";
import { ask } from "../ask.ts";
import type { Client } from "../client.ts";
import { CliError } from "../exit.ts";

const peopleAnswer = z.object({ people: z.array(personView) });

/** Everybody in the library, the oldest first. */
export async function listPeople(client: Client): Promise<PersonView[]> {
  return (await ask(client, peopleAnswer, { path: "/api/people" })).people;
}

/**
 * The person who is meant: by id, by the exact name, or by a beginning of the id.
 * @throws CliError when there is none, or several
 */
export async function findPerson(client: Client, wanted: string): Promise<PersonView> {
  const people = await listPeople(client);
  const named = people.filter(({ id, name }) => id === wanted.toLowerCase() || name === wanted);
  const found = named.length > 0 ? named : people.filter(({ id }) => id.startsWith(wanted.toLowerCase()));
  const [person, ...others] = found;
  if (person && others.length === 0) return person;
  throw new CliError(`find person ${wanted}: ${person ? "that may be several" : "there is none"}`, {
    code: person ? "ambiguous" : "not_found",
    hint: person
      ? `Give the id: ${found.map(({ id }) => id).join(", ")}.`
      : "`doorbell person list` shows names and ids.",
    exit: "refused",
  });
}
