import { writeSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { DoorbellError } from "../../lib/errors.ts";
import type { Act, AnyAct, Tx } from "../database.ts";
import { appendEvent } from "../events.ts";
import { openSqlite } from "./sqlite-database.ts";

/** The two rows of one note: one without the other shows a torn act. */
async function note(tx: Tx, id: string): Promise<void> {
  await tx.insertInto("memo").values({ key: id, value: "1" }).execute();
  await appendEvent(tx, { kind: "note.made", subject: id, at: 0 });
}

/** Makes a note; answers with its arguments. */
export const makeNote: Act<{ id: string; bytes?: Uint8Array }, { id: string; bytes?: Uint8Array }> = {
  name: "note.make",
  async run(tx, args) {
    await note(tx, args.id);
    return args;
  },
};

/** Makes a note, then fails as it is told. */
export const failNote: Act<{ id: string; how: "ours" | "alien" | "twice" }, void> = {
  name: "note.fail",
  async run(tx, { id, how }) {
    await note(tx, id);
    if (how === "twice") await note(tx, id);
    if (how === "alien") throw new TypeError("x is not a function");
    throw new DoorbellError("make note: refused", {
      code: "note_refused",
      hint: "Ask again.",
      retryable: true,
    });
  },
};

/** Makes a note and answers with what no thread can send. */
export const oddNote: Act<{ id: string }, unknown> = {
  name: "note.odd",
  async run(tx, { id }) {
    await note(tx, id);
    return () => id;
  },
};

/** Ends the writer thread it runs in, between two rows. */
export const endThread: Act<{ id: string }, void> = {
  name: "thread.end",
  async run(tx, { id }) {
    await tx.insertInto("memo").values({ key: id, value: "1" }).execute();
    if (parentPort) process.exit(1);
  },
};

/** The acts of this file. */
export const noteActs: readonly AnyAct[] = [makeNote, failNote, oddNote, endThread];

/** Makes notes ten at a time and says the id of each that was answered; a campaign may end it on the way. */
export async function makeNotes(path: string, entry: string | null, count: number): Promise<void> {
  const database = openSqlite({ path, writer: entry === null ? "inline" : new URL(entry) });
  for (let first = 0; first < count; first += 10) {
    const ten = Array.from({ length: 10 }, (_, at) => `note-${first + at}`);
    await Promise.all(ten.map((id) => database.write(makeNote, { id }).then(() => writeSync(1, `${id}\n`))));
  }
  await database.close();
}
