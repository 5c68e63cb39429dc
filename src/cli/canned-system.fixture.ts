import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type DoorView,
  doorView,
  type PersonView,
  personView,
  type VisitView,
  visitView,
} from "../doorbell/api.ts";
import { uuidv7 } from "../lib/ids.ts";
import { allCommands } from "./commands.ts";
import { runProgram } from "./program.ts";
import { memoryWorld } from "./world.fixture.ts";

/** A request as it arrived. */
export interface Received {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What a canned route answers with; nothing when it answered by itself. */
type Canned = (
  request: Received,
  response: ServerResponse,
) => { status?: number; body?: unknown } | undefined;

/** An HTTP server that answers in place of the system. `await using` closes it. */
export interface CannedSystem extends AsyncDisposable {
  readonly received: readonly Received[];
  /** Runs a command line against it. */
  run(argv: readonly string[], world?: ReturnType<typeof memoryWorld>): Promise<Ran>;
}

/** How a command line ended. */
export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a `CannedSystem`. @param routes by method and path, such as `GET /api/visits` */
export async function cannedSystem(routes: Readonly<Record<string, Canned>>): Promise<CannedSystem> {
  const received: Received[] = [];
  const server = createServer(async (incoming, response) => {
    const { method = "", url: path = "", headers } = incoming;
    const body = Buffer.concat(await incoming.toArray());
    const request = { method, path, headers, body };
    received.push(request);
    const answer = routes[`${method} ${path.split("?")[0]}`] ?? noRoute;
    const canned = answer(request, response);
    if (canned) response.writeHead(canned.status ?? 200).end(textOf(canned.body));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    received,
    run: (argv, world) => runCommand([...argv, "--url", `http://127.0.0.1:${port}`], world),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Runs a command line in this process. */
export async function runCommand(argv: readonly string[], world = memoryWorld()): Promise<Ran> {
  const exit = await runProgram(argv, world, allCommands({ reload: async () => ({}) }));
  return { exit, stdout: world.stdout.text, stderr: world.stderr.text };
}

const textOf = (body: unknown): string => (body === undefined ? "" : JSON.stringify(body));
const noRoute: Canned = ({ path }) => refusal(404, "not_found", `find ${path}: there is none`);

/** An answer that is a problem. */
export function refusal(status: number, code: string, detail: string, hint = "Look again.") {
  return { status, body: { title: "No", detail, code, hint } };
}

/** Begins a stream of server-sent events. */
export function beginStream(response: ServerResponse, after: number): void {
  response.writeHead(200, { "content-type": "text/event-stream" }).write(`retry: 10\nid: ${after}\n\n`);
}

/** An event of a visit, as the stream writes it. */
export const visitEvent = (seq: number, kind: string, visitId: string): string =>
  `id: ${seq}\nevent: ${kind}\ndata: ${JSON.stringify({ visitId })}\n\n`;

const THRESHOLDS = {
  minFaceWidthPx: 64,
  matchDistance: 0.5,
  watchlistDistance: 0.45,
  watchlistSingleDistance: 0.4,
};
const NOON = Date.UTC(2026, 10, 24, 12);

type FaceView = VisitView["captures"][number]["faces"][number];

/** A face of somebody known, but for what is given. */
export function cannedFace(over: Partial<FaceView> = {}): FaceView {
  return {
    id: uuidv7(NOON),
    box: { x: 0.25, y: 0.25, width: 0.25, height: 0.5 },
    score: 0.97,
    verdict: "named",
    nearest: { id: uuidv7(NOON), name: "Anna" },
    distance: 0.41,
    corrected: false,
    ...over,
  };
}

/** A visit of somebody known that is done, but for what is given; held to the shape of the routes. */
export function cannedVisit(over: Partial<VisitView> = {}): VisitView {
  const face = cannedFace();
  return visitView.parse({
    id: uuidv7(NOON),
    door: { id: "front", name: "Front door" },
    source: "cli",
    state: "done",
    outcome: "known",
    reason: null,
    person: face.nearest,
    distance: 0.41,
    evidence: "agreeing",
    thresholds: THRESHOLDS,
    model: "ssd",
    release: "0.1.0",
    synthetic: false,
    demonstration: false,
    acceptedAt: NOON,
    decidedAt: NOON + 400,
    acknowledgedAt: null,
    captures: [{ id: uuidv7(NOON), takenAt: NOON, width: 1280, height: 960, faces: [face] }],
    deliveries: [
      {
        id: uuidv7(NOON),
        channel: "phone",
        rule: "everybody",
        urgent: false,
        state: "delivered",
        attempts: 1,
        error: null,
        createdAt: NOON,
        deliveredAt: NOON + 900,
      },
    ],
    ...over,
  });
}

/** A person, held to the shape of the routes. */
export function cannedPerson(over: Partial<PersonView> = {}): PersonView {
  return personView.parse({
    id: uuidv7(NOON),
    name: "Anna",
    watchlisted: false,
    demonstration: false,
    createdAt: NOON,
    enrolments: 3,
    portrait: null,
    ...over,
  });
}

/** A door, held to the shape of the routes. */
export function cannedDoor(over: Partial<DoorView> = {}): DoorView {
  return doorView.parse({ id: "front", name: "Front door", camera: "demonstration", scenes: [], ...over });
}
