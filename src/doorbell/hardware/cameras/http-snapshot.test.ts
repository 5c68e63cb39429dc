import { createHash } from "node:crypto";
import http, { type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import net from "node:net";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../lib/clock.ts";
import { DoorbellError } from "../../../lib/errors.ts";
import { boundedCapture } from "./bounded-capture.ts";
import { cameraContract, faultOf, framesOf } from "./camera.contract.ts";
import { type HttpSnapshotConfig, httpSnapshotCamera } from "./http-snapshot.ts";

const clock = systemClock();
const LOGIN = { username: "Дверь", password: 'sécr"et' };
const login = { username: LOGIN.username, password: async () => LOGIN.password };
let picture: Buffer;
let host: string;
let elsewhere: string;
/** Requests that left the camera. */
let strays = 0;
/** Paths with their authorization, as the camera saw them. */
const seen: { path: string; authorization: string | undefined }[] = [];
const servers: http.Server[] = [];

beforeAll(async () => {
  picture = await sharp({ create: { width: 64, height: 48, channels: 3, background: "#357" } })
    .jpeg()
    .toBuffer();
  elsewhere = await serve((_, response) => {
    strays += 1;
    response.end(picture);
  });
  host = await serve((request, response) => {
    seen.push({ path: request.url ?? "", authorization: request.headers.authorization });
    const route = routes[request.url ?? ""];
    if (route) route(request, response);
    else response.writeHead(404).end();
  });
});

afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = http.createServer(listener).listen(0, "127.0.0.1");
  servers.push(server);
  await new Promise((resolve) => server.once("listening", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const status = (code: number, headers: Record<string, string> = {}): RequestListener => {
  return (_, response) => response.writeHead(code, headers).end("<html>no</html>");
};

const DIGEST = 'Digest realm="camera", nonce="n1", qop="auth", algorithm=MD5';

const routes: Record<string, RequestListener> = {
  "/ok": (_, response) => response.end(picture),
  "/never": () => {},
  "/stops": (_, response) => response.write(picture.subarray(0, 20)),
  "/trickle": (_, response) => {
    let at = 0;
    const drip = setInterval(() => response.write(picture.subarray(at, ++at)), 1_000);
    response.on("close", () => clearInterval(drip));
  },
  "/401": status(401, { "www-authenticate": DIGEST }),
  "/403": status(403),
  "/500": status(500),
  "/500-endless": (_, response) => response.writeHead(500).write("one moment"),
  "/page": (_, response) => response.setHeader("content-type", "text/html").end("<html>Sign in here</html>"),
  "/mjpeg": (_, response) => {
    response.setHeader("content-type", "multipart/x-mixed-replace; boundary=frame").write("--frame");
  },
  "/empty": (_, response) => response.end(),
  "/cut": (_, response) => response.end(picture.subarray(0, 200)),
  "/60mb": (_, response) => {
    const chunk = Buffer.alloc(1024 * 1024);
    chunk.set(picture);
    let left = 60;
    const more = () => {
      while (left-- > 0) if (!response.write(chunk)) return response.once("drain", more);
      return response.end();
    };
    more();
  },
  "/reset": (request) => request.socket.resetAndDestroy(),
  "/reset-midway": (request, response) => {
    response.setHeader("content-length", picture.length);
    response.write(picture.subarray(0, 100), () => request.socket.resetAndDestroy());
  },
  "/redirect": (_, response) => response.writeHead(302, { location: "./ok" }).end(),
  "/redirect-loop": (_, response) => response.writeHead(302, { location: "/redirect-loop" }).end(),
  "/redirect-elsewhere": (_, response) => response.writeHead(302, { location: `${elsewhere}/ok` }).end(),
  "/redirect-nowhere": (_, response) => response.writeHead(302, { location: "http://[" }).end(),
  "/digest?channel=1": (request, response) => {
    const answer = request.headers.authorization ?? "";
    const field = (name: string) => new RegExp(`${name}="?([^",]+)`).exec(answer)?.[1];
    const md5 = (text: string) => createHash("md5").update(text).digest("hex");
    const user = md5(`${LOGIN.username}:camera:${LOGIN.password}`);
    const asked = md5("GET:/digest?channel=1");
    const right = md5(`${user}:n1:${field("nc")}:${field("cnonce")}:auth:${asked}`);
    if (field("response") === right) response.end(picture);
    else response.writeHead(401, { "www-authenticate": DIGEST }).end();
  },
  "/basic": (request, response) => {
    const right = `Basic ${Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString("base64")}`;
    if (request.headers.authorization === right) response.end(picture);
    else response.writeHead(401, { "www-authenticate": 'Basic realm="camera"' }).end();
  },
};

const open = (path: string, config: Partial<HttpSnapshotConfig> = {}) =>
  httpSnapshotCamera({ url: host + path, timeoutMs: 10_000, ...config }, { clock });

cameraContract("http", async () => ({
  working: open("/ok"),
  broken: open("/500-endless"),
  close: async () => {},
}));

describe("the HTTP camera", () => {
  it("gives the bytes that the camera sent", async () => {
    const [frame] = await framesOf(open("/ok"));
    expect(Buffer.from(frame!.bytes).equals(picture)).toBe(true);
  });

  it.each([
    ["/401", "camera_refused", false],
    ["/403", "camera_refused", false],
    ["/404", "camera_bad_answer", false],
    ["/500", "camera_bad_answer", true],
    ["/page", "camera_bad_answer", false],
    ["/mjpeg", "camera_bad_answer", false],
    ["/empty", "camera_empty", true],
    ["/cut", "camera_bad_answer", true],
    ["/60mb", "camera_bad_answer", false],
    ["/reset", "camera_off", true],
    ["/reset-midway", "camera_off", true],
    ["/redirect-loop", "camera_bad_answer", false],
    ["/redirect-elsewhere", "camera_bad_answer", false],
    ["/redirect-nowhere", "camera_bad_answer", false],
  ])("says of an answer like %s: %s, retryable %s", async (path, code, retryable) => {
    expect(await faultOf(open(path))).toMatchObject({ code, retryable });
  });

  it.each(["/never", "/stops", "/trickle"])("gives up on a camera that hangs like %s", async (path) => {
    expect(await faultOf(open(path, { timeoutMs: 100 }))).toMatchObject({
      code: "camera_timeout",
      retryable: true,
    });
  });

  it.each(["/never", "/stops", "/trickle"])("obeys an abort while a camera hangs like %s", async (path) => {
    const giveUp = new AbortController();
    const before = seen.length;
    const frames = framesOf(open(path), {}, giveUp.signal);
    await expect.poll(() => seen.length).toBe(before + 1);
    giveUp.abort(new Error("given up"));
    await expect(frames).rejects.toThrow("given up");
  });

  it("ends a visit's capture of a camera that hangs in a reason", async () => {
    const bounds = { frames: 3, intervalMs: 0, firstFrameTimeoutMs: 100, totalTimeoutMs: 1_000 };
    const frames = boundedCapture(open("/trickle"), bounds, new AbortController().signal);
    expect(await frames.next()).toMatchObject({
      done: true,
      value: { code: "camera_timeout", message: expect.stringContaining("within 100 ms") },
    });
  });

  it("says that a camera is off when nothing listens or its name is unknown", async () => {
    const port = await unusedPort();
    const off = { code: "camera_off", retryable: true };
    expect(await faultOf(open("", { url: `http://127.0.0.1:${port}/` }))).toMatchObject(off);
    expect(await faultOf(open("", { url: `http://localhost:${port}/` }))).toMatchObject(off);
    expect(await faultOf(open("", { url: "http://camera.invalid/" }))).toMatchObject(off);
  });

  it("tells another protocol on the port from a camera that is off", async () => {
    const port = host.split(":")[2];
    expect((await faultOf(open("", { url: `https://127.0.0.1:${port}/ok` }))).code).toBe("camera_bad_answer");
  });

  it("follows a redirect within the camera and asks nobody else", async () => {
    expect(await framesOf(open("/redirect"))).toHaveLength(1);
    expect((await faultOf(open("/redirect-elsewhere"))).message).toContain(`redirected to ${elsewhere}/ok`);
    expect(strays).toBe(0);
  });

  it("connects to a name of this machine, but never to a cloud's metadata service", async () => {
    const port = host.split(":")[2];
    expect(await framesOf(open("", { url: `http://localhost:${port}/ok` }))).toHaveLength(1);
    const forbidden = [
      "169.254.169.254",
      "2852039166",
      "0xa9fea9fe",
      "[::ffff:169.254.169.254]",
      "[fd00:ec2::254]",
    ];
    for (const address of forbidden) {
      const fault = await faultOf(open("", { url: `http://${address}/latest/meta-data` }));
      expect(fault, address).toMatchObject({ code: "camera_refused", retryable: false });
      expect(fault.message).toContain("metadata");
    }
  });

  it("shows no query and no password in its messages", async () => {
    const fault = await faultOf(open("/401?password=hidden", login));
    expect(`${fault.message} ${fault.hint}`).not.toMatch(/hidden|cr"et/);
  });
});

describe("the HTTP camera with credentials", () => {
  it("answers a digest challenge, then keeps answering without being asked again", async () => {
    const before = seen.length;
    expect(await framesOf(open("/digest?channel=1", login), { frames: 3 })).toHaveLength(3);
    const sent = seen.slice(before).map(({ authorization }) => authorization);
    expect(sent).toHaveLength(4);
    expect(sent[0]).toBeUndefined();
    expect(sent[3]).toContain("nc=00000003");
  });

  it("answers a basic challenge, and says nothing of itself before it is asked", async () => {
    expect(await framesOf(open("/basic", login), { frames: 2 })).toHaveLength(2);
    const before = seen.length;
    await framesOf(open("/ok", login));
    expect(seen[before]!.authorization).toBeUndefined();
  });

  it("tries a wrong password once a capture, for cameras lock out who repeats it", async () => {
    const camera = open("/digest?channel=1", { ...login, password: async () => "wrong" });
    const before = seen.length;
    for (let captures = 0; captures < 2; captures++) {
      expect(await faultOf(camera)).toMatchObject({ code: "camera_refused", retryable: false });
    }
    const tries = seen.slice(before).filter(({ authorization }) => authorization !== undefined);
    expect(tries).toHaveLength(2);
  });

  it("tells where the password should be when it is not there", async () => {
    const missing = new DoorbellError("read secret env:CAMERA: not set", {
      code: "secret_empty",
      hint: "Set it.",
    });
    const camera = open("/basic", { ...login, password: () => Promise.reject(missing) });
    expect(await faultOf(camera)).toMatchObject({
      code: "camera_refused",
      message: missing.message,
      hint: "Set it.",
      cause: missing,
    });
  });
});

async function unusedPort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
