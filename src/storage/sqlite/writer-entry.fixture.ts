import { parentPort, workerData } from "node:worker_threads";
import { noteActs } from "./writer.fixture.ts";
import { serveWriter } from "./writer-thread.ts";

if (parentPort) serveWriter(parentPort, workerData as string, noteActs);
