import { type MessagePort, Worker } from "node:worker_threads";
import { DoorbellError } from "../../lib/errors.ts";
import { type AnyAct, type CommitFigures, StorageError } from "../database.ts";
import { openConnection } from "./connection.ts";
import { GroupCommit } from "./group-commit.ts";

type Request = { readonly id: number; readonly act: string; readonly args: unknown } | "close";
type ErrorFacts = { message: string; code: string; hint: string; retryable: boolean };
type Answer = { readonly id: number; readonly result?: unknown; readonly error?: ErrorFacts };
type Reply = { readonly answers: Answer[] } | { readonly figures: CommitFigures };

/** The writing side of a database: this process's only connection that writes. */
export interface Writer {
  write(act: AnyAct, args: unknown): Promise<unknown>;
  close(): Promise<void>;
}

/** Runs inside the thread: answers what `writerThread` sends. `acts` are all that this program has. */
export function serveWriter(port: MessagePort, path: string, acts: readonly AnyAct[]): void {
  const byName = new Map(acts.map((act) => [act.name, act]));
  const connection = openConnection(path, { readOnly: false });
  let answers: Answer[] = [];
  const send = (answer: Answer): void => {
    if (answers.length === 0) queueMicrotask(flush);
    answers.push(answer);
  };
  const flush = (): void => {
    port.postMessage({ answers } satisfies Reply);
    answers = [];
  };
  const commits = new GroupCommit(connection, (figures) => port.postMessage({ figures } satisfies Reply));

  port.on("message", (request: Request) => {
    if (request === "close") {
      void commits.idle().then(() => {
        connection.close();
        port.close();
      });
      return;
    }
    const act = byName.get(request.act);
    if (!act) return send({ id: request.id, error: factsOf(unknownAct(request.act)) });
    commits.submit({
      act,
      args: request.args,
      settle: (outcome) =>
        send(
          "error" in outcome
            ? { id: request.id, error: factsOf(outcome.error) }
            : { id: request.id, ...outcome },
        ),
    });
  });
}

/**
 * Starts the writer thread: waiting for another process's lock then blocks it and not this event loop.
 * @param entry module that calls `serveWriter` with `parentPort`, `workerData` and the program's acts
 * @param onCommit told what each commit cost
 */
export function writerThread(entry: URL, path: string, onCommit: (figures: CommitFigures) => void): Writer {
  const thread = new Worker(entry, { workerData: path, name: "writer" });
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  let nextId = 1;
  let ended: Error | undefined;
  const exited = new Promise<void>((resolve) => thread.once("exit", () => resolve()));

  const end = (error: Error): void => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  thread.on("message", (reply: Reply) => {
    if ("figures" in reply) return onCommit(reply.figures);
    for (const { id, result, error } of reply.answers) {
      const caller = waiting.get(id);
      waiting.delete(id);
      if (error) caller?.reject(new StorageError(error.message, error));
      else caller?.resolve(result);
    }
  });
  thread.on("error", end);
  thread.on("exit", () => end(writerGone()));

  return {
    write(act, args) {
      if (ended) return Promise.reject(ended);
      return new Promise((resolve, reject) => {
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        thread.postMessage({ id, act: act.name, args } satisfies Request);
      });
    },
    async close() {
      if (!ended) thread.postMessage("close" satisfies Request);
      await exited;
    },
  };
}

/** Writes on the caller's own thread: for tools and tests, where nobody waits beside them. */
export function inlineWriter(path: string, onCommit: (figures: CommitFigures) => void): Writer {
  const connection = openConnection(path, { readOnly: false });
  const commits = new GroupCommit(connection, onCommit);
  return {
    write: (act, args) =>
      new Promise((resolve, reject) => {
        commits.submit({
          act,
          args: structuredClone(args),
          settle: (outcome) => ("error" in outcome ? reject(outcome.error) : resolve(outcome.result)),
        });
      }),
    async close() {
      await commits.idle();
      connection.close();
    },
  };
}

function unknownAct(name: string): DoorbellError {
  return new StorageError(`write: no act is called ${name}`, {
    code: "storage_failed",
    hint: "The act is missing in the list of `app/acts.ts`.",
  });
}

function writerGone(): DoorbellError {
  return new StorageError("write: the writer thread has ended", {
    code: "storage_closed",
    hint: "The process is stopping, or its writer failed: see the log. Send the request again.",
    retryable: true,
  });
}

function factsOf(error: unknown): ErrorFacts {
  if (error instanceof DoorbellError) {
    const { message, code, hint, retryable } = error;
    return { message, code, hint, retryable };
  }
  return { message: String(error), code: "storage_failed", hint: "See the log.", retryable: false };
}
