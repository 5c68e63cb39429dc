import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { DoorbellError } from "../../lib/errors.ts";
import { errorType } from "./error-type.ts";

class PlainError extends DoorbellError {}
const ours = (retryable: boolean, code = "camera_refused") =>
  new PlainError("take a picture", { code, hint: "Look at it.", retryable });

function thrown(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("error type", () => {
  it("is timeout when a signal ran out of time", async () => {
    const signal = AbortSignal.timeout(1);
    await once(signal, "abort");
    expect(errorType(signal.reason)).toBe("timeout");
    expect(errorType(new Error("capture", { cause: signal.reason }))).toBe("timeout");
  });

  it("is unavailable when nothing listens", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    server.close();
    const [error] = await once(request({ port, host: "127.0.0.1" }).end(), "error");
    expect(errorType(error)).toBe("unavailable");
  });

  it("is storage for a full disk and for a database that refuses", () => {
    expect(errorType(thrown(() => writeFileSync("/dev/full", "x")))).toBe("storage");
    expect(errorType(thrown(() => new DatabaseSync(":memory:").exec("select * from nothing")))).toBe(
      "storage",
    );
    expect(errorType(ours(true, "storage_locked"))).toBe("storage");
  });

  it("tells our own errors by whether trying again may help", () => {
    expect(errorType(ours(true))).toBe("unavailable");
    expect(errorType(ours(false))).toBe("invalid");
    expect(errorType(ours(false, "camera_timeout"))).toBe("timeout");
  });

  it("is unexpected for a fault of the program, and for what is no error", () => {
    expect(errorType(new TypeError("x is not a function"))).toBe("unexpected");
    expect(errorType("boom")).toBe("unexpected");
  });

  it("does not follow causes for ever", () => {
    const error = new Error("round");
    error.cause = error;
    expect(errorType(error)).toBe("unexpected");
  });
});
