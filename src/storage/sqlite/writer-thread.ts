import { type MessagePort, Worker } from "node:worker_threads";
import type { ErrorFacts } from "../../lib/errors.ts";
import { type AnyAct, type CommitFigures, StorageError, storageError } from "../database.ts";
import { openConnection } from "./connection.ts";
import { GroupCommit } from "./group-commit.ts";

type Request = { readonly id: number; readonly act: string; readonly args: unknown } | "close";
type Told = { readonly message: string } & ErrorFacts;
type Answer = { readonly id: number; readonly result?: unknown; readonly error?: Told };
type Reply = { readonly answers: readonly Answer[]; readonly figures?: CommitFigures | undefined };

/** The writing side of a database: this process's only connection that writes. */
export interface Writer {
  write(act: AnyAct, args: unknown): Promise<unknown>;
  close(): Promise<void>;
}

/** Told what happens on the writing side. */
export interface WriterDeps {
  /** What each commit cost. */
  readonly onCommit: (figures: CommitFigures) => void;
  /** The writing thread has ended by itself: nothing can be written any more, so the process should end. */
  readonly onLost: (error: StorageError) => void;
}

/** Runs inside the thread: answers what `writerThread` sends. `acts` are all that this program has. */
export function serveWriter(port: MessagePort, path: string, acts: readonly AnyAct[]): void {
  const byName = new Map(acts.map((act) => [act.name, act]));
  const connection = openConnection(path, { readOnly: false });
  let answers: Answer[] = [];
  let figures: CommitFigures | undefined;
  const send = (answer: Answer): void => {
    if (answers.length === 0) queueMicrotask(flush);
    answers.push(answer);
  };
  const flush = (): void => {
    post(port, { answers, figures });
    answers = [];
    figures = undefined;
  };
  const commits = new GroupCommit(connection, (cost) => {
    figures = cost;
  });

  port.on("message", (request: Request) => {
    if (request === "close") {
      void commits.idle().then(() => {
        connection.close();
        port.close();
      });
      return;
    }
    const act = byName.get(request.act);
    if (!act) return send({ id: request.id, error: toldOf(unknownAct(request.act)) });
    commits.submit({
      act,
      args: request.args,
      settle: (outcome) =>
        send(
          "error" in outcome
            ? { id: request.id, error: toldOf(outcome.error) }
            : { id: request.id, ...outcome },
        ),
    });
  });
}

/** Sends answers; of one that is no plain data its own caller alone hears. */
function post(port: MessagePort, reply: Reply): void {
  try {
    port.postMessage(reply);
  } catch (error) {
    for (const answer of reply.answers) {
      const alone = reply.answers.length > 1 ? answer : { id: answer.id, error: toldOf(error) };
      post(port, { answers: [alone] });
    }
  }
}

/**
 * Starts the writer thread: waiting for another process's lock then blocks it and not this event loop.
 * @param entry module that calls `serveWriter` with `parentPort`, `workerData` and the program's acts
 * @param deps `onLost` is told when the thread ends without being asked to
 */
export function writerThread(entry: URL, path: string, { onCommit, onLost }: WriterDeps): Writer {
  const thread = new Worker(entry, { workerData: path, name: "writer" });
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  let nextId = 1;
  let closing = false;
  let ended: StorageError | undefined;

  const end = (cause?: Error): void => {
    if (ended) return;
    ended = writerGone(cause);
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
    if (!closing) onLost(ended);
  };
  thread.on("message", ({ answers, figures }: Reply) => {
    if (figures) onCommit(figures);
    for (const { id, result, error } of answers) {
      const caller = waiting.get(id);
      waiting.delete(id);
      if (error) caller?.reject(new StorageError(error.message, error));
      else caller?.resolve(result);
    }
  });
  thread.on("error", end);
  const exited = new Promise<void>((resolve) => {
    thread.on("exit", () => {
      end();
      resolve();
    });
  });

  return {
    async write(act, args) {
      if (ended) throw ended;
      const id = nextId++;
      thread.postMessage({ id, act: act.name, args } satisfies Request);
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    },
    async close() {
      closing = true;
      if (!ended) thread.postMessage("close" satisfies Request);
      await exited;
    },
  };
}

/**
 * Writes on the caller's own thread, for tools and tests, where nobody waits beside them. What goes in and
 * what comes back is the same as with the thread.
 */
export function inlineWriter(path: string, { onCommit }: Pick<WriterDeps, "onCommit">): Writer {
  const connection = openConnection(path, { readOnly: false });
  const commits = new GroupCommit(connection, onCommit);
  return {
    async write(act, args) {
      const given = structuredClone(args);
      try {
        const result = await new Promise((resolve, reject) => {
          commits.submit({
            act,
            args: given,
            settle: (outcome) => ("error" in outcome ? reject(outcome.error) : resolve(outcome.result)),
          });
        });
        return structuredClone(result);
      } catch (error) {
        const { message, ...facts } = toldOf(error);
        throw new StorageError(message, { ...facts, cause: error });
      }
    },
    async close() {
      await commits.idle();
      connection.close();
    },
  };
}

function unknownAct(name: string): StorageError {
  return new StorageError(`write: no act is called ${name}`, {
    code: "storage_failed",
    hint: "The act is missing in the list of `app/acts.ts`.",
  });
}

/** Nothing can be written any more. */
export function writerGone(cause?: Error): StorageError {
  return new StorageError(`write: the writer thread has ended${cause ? `: ${cause.message}` : ""}`, {
    code: "storage_closed",
    hint: "The process is stopping, or its writer failed: see the log. Send the request again.",
    retryable: true,
    cause,
  });
}

/** An error as it crosses threads: its class and its cause stay behind. */
function toldOf(error: unknown): Told {
  const { message, code, hint, retryable } = storageError("write", error);
  return { message, code, hint, retryable };
}
