/** The writer thread of a process: see `storage/sqlite/writer-thread.ts`. */
import { parentPort, workerData } from "node:worker_threads";
import { serveWriter } from "../storage/sqlite/writer-thread.ts";
import { acts } from "./acts.ts";

if (parentPort) serveWriter(parentPort, workerData as string, acts);
