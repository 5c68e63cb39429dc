import type { z } from "zod";
import type { Call, Client } from "./client.ts";
import { CliError } from "./exit.ts";

/**
 * Calls the system and reads its answer by the shape that it has by contract.
 * @throws CliError as `Client.send`, and `answer_unreadable` for another shape
 */
export async function ask<S extends z.ZodType>(client: Client, shape: S, call: Call): Promise<z.output<S>> {
  const { data, error } = shape.safeParse(await client.send(call));
  if (!error) return data;
  const [issue] = error.issues;
  const place = issue?.path.join(".") || "all of it";
  throw new CliError(`read the answer to ${call.path}: ${place}: ${issue?.message}`, {
    code: "answer_unreadable",
    hint: "Is the system of another release? Use the command line of its own.",
    exit: "failed",
  });
}
