import { lookup } from "node:dns";
import http, { type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import https from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { CameraError } from "./camera.ts";

/** The answer to a GET. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Empty unless the status is 200; empty, too, for a stream (`multipart`), which has no end. */
  readonly body: Buffer;
}

/**
 * One GET over a connection of its own, so that nothing is left open; redirects are the caller's.
 * Settings name the address, so loopback and private ones are fine; the metadata services of clouds, which
 * hand out credentials, are not, whatever name leads to them.
 * @param maxBytes largest body
 * @throws CameraError for a body too large or an address forbidden, the signal's AbortError, else Node's error
 */
export async function boundedGet(
  url: URL,
  headers: Record<string, string>,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Answer> {
  refuseMetadata(url.hostname.replace(/^\[|\]$/g, ""));
  const response = await respond(url, headers, signal);
  try {
    const { statusCode: status = 0, headers } = response;
    const ends = status === 200 && !headers["content-type"]?.startsWith("multipart/");
    return { status, headers, body: ends ? await read(response, maxBytes) : Buffer.alloc(0) };
  } finally {
    response.destroy();
  }
}

function respond(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<IncomingMessage> {
  const { get } = url.protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    get(url, { agent: false, headers, signal, lookup: guardedLookup() }, resolve).on("error", reject);
  });
}

async function read(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): CameraError {
  return new CameraError(`read picture: larger than ${maxBytes} bytes`, {
    code: "camera_bad_answer",
    hint: "Let the camera send a smaller picture, or use its address for a single picture, not for a stream.",
  });
}

/** Metadata services: AWS, Azure, Google and others; AWS containers; Alibaba; AWS over IPv6. */
const METADATA = new BlockList();
for (const address of ["169.254.169.254", "169.254.170.2", "100.100.100.200"]) METADATA.addAddress(address);
METADATA.addAddress("fd00:ec2::254", "ipv6");

/** @throws CameraError for the numeric address of a metadata service; anything else passes, a name too */
function refuseMetadata(address: string): void {
  if (isIP(address) === 0 || !METADATA.check(address, isIP(address) === 6 ? "ipv6" : "ipv4")) return;
  throw new CameraError(`connect to ${address}: the address of a cloud's metadata service`, {
    code: "camera_refused",
    hint: "Correct the camera's `url`, or the name server that leads its host to this address.",
  });
}

/** A look-up, the system's by default, that is judged before anything connects to what it found. */
export function guardedLookup(resolve = lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses = []) => {
      try {
        for (const { address } of addresses) refuseMetadata(address);
      } catch (refusal) {
        return callback(refusal as CameraError, []);
      }
      if (options.all) callback(error, addresses);
      else callback(error, addresses[0]?.address ?? "", addresses[0]?.family);
    });
  };
}
