import type { Clock } from "../../../lib/clock.ts";
import { DoorbellError, messageOf } from "../../../lib/errors.ts";
import { type Answer, boundedGet } from "./bounded-get.ts";
import { type Camera, CameraError, type Frame } from "./camera.ts";
import { type Authorize, authorizer, parseChallenges } from "./credentials.ts";
import { MAX_FRAME_BYTES, pictureFormat } from "./picture-format.ts";
import { snapshotCamera } from "./snapshot-camera.ts";

const MAX_REDIRECTS = 3;

/** Where the picture is, and who asks for it. */
export interface HttpSnapshotConfig {
  /** Address of one picture, http or https. */
  readonly url: string;
  /** For basic or digest authentication, whichever the camera asks for; with `password`. */
  readonly username?: string | undefined;
  /** Reads the secret itself; called only when the camera asks. */
  readonly password?: (() => Promise<string>) | undefined;
  /** How long one picture may take from connecting to its last byte, ms. */
  readonly timeoutMs: number;
}

/**
 * A camera that answers GET with one picture; a frame is taken when its last byte has come.
 * Messages name an address without its query, in which some cameras want a password.
 */
export function httpSnapshotCamera(config: HttpSnapshotConfig, deps: { readonly clock: Clock }): Camera {
  const address = new URL(config.url);
  let authorize: Authorize | undefined;

  return snapshotCamera("http", deps.clock, () => async (signal) => {
    const deadline = AbortSignal.timeout(config.timeoutMs);
    try {
      const answer = await getPicture(AbortSignal.any([signal, deadline]));
      return { ...pictureIn(answer, address), takenAt: deps.clock.now() };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof CameraError) throw error;
      throw deadline.aborted ? late(address, config.timeoutMs) : broken(address, error);
    }
  });

  /** Follows redirects within the camera; to another host they would carry the visit to strangers. */
  async function getPicture(signal: AbortSignal): Promise<Answer> {
    let url: URL | null = address;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const answer = await authorizedGet(url, signal);
      const { location } = answer.headers;
      if (answer.status < 300 || answer.status > 399 || location === undefined) return answer;
      url = URL.parse(location, url.href);
      if (url?.origin !== address.origin) throw strayed(address, url);
    }
    throw strayed(address, url);
  }

  /** Answers a challenge once; a refused password is forgotten, for cameras lock out who repeats it. */
  async function authorizedGet(url: URL, signal: AbortSignal): Promise<Answer> {
    const get = () => {
      const headers = authorize ? { authorization: authorize(url.pathname + url.search) } : {};
      return boundedGet(url, { accept: "image/*", ...headers }, MAX_FRAME_BYTES, signal);
    };
    const answer = await get();
    const { username, password } = config;
    if (answer.status !== 401 || username === undefined || password === undefined) return answer;
    const challenges = parseChallenges(answer.headers["www-authenticate"] ?? "");
    authorize = authorizer(challenges, { username, password: await password().catch(unreadable) });
    if (authorize === undefined) return answer;
    const second = await get();
    if (second.status === 401) authorize = undefined;
    return second;
  }
}

/** The picture of an answer. @throws CameraError when there is none */
function pictureIn({ status, headers, body }: Answer, url: URL): Omit<Frame, "takenAt"> {
  if (status === 401 || status === 403) {
    throw new CameraError(`get ${place(url)}: refused with status ${status}`, {
      code: "camera_refused",
      hint: "Correct `username` and `password` in the camera's settings, and let that user see pictures.",
    });
  }
  if (status !== 200) {
    throw new CameraError(`get ${place(url)}: status ${status}`, {
      code: "camera_bad_answer",
      hint: "Look up the camera's address for snapshots and correct `url`; a status of 500 or more is the camera's own fault.",
      retryable: status >= 500 || status === 429,
    });
  }
  const type = headers["content-type"]?.slice(0, 60) ?? "no content type";
  if (body.length === 0 && !type.startsWith("multipart/")) {
    throw new CameraError(`get ${place(url)}: an empty answer`, {
      code: "camera_empty",
      hint: "The camera has no picture yet: look whether its lens is on and not in privacy mode.",
      retryable: true,
    });
  }
  const format = body.length > 0 ? pictureFormat(body) : "no-picture";
  if (format !== "cut" && format !== "no-picture") return { bytes: body, mediaType: format };
  const what = format === "cut" ? "a picture cut off" : "no picture";
  throw new CameraError(`get ${place(url)}: ${what} (${type})`, {
    code: "camera_bad_answer",
    hint: "The address must answer with one whole JPEG, PNG or WebP picture, not with a page or a stream.",
    retryable: format === "cut",
  });
}

function unreadable(error: unknown): never {
  throw new CameraError(messageOf(error), {
    code: "camera_refused",
    hint:
      error instanceof DoorbellError ? error.hint : "Look where `password` points in the camera's settings.",
    cause: error,
  });
}

const place = (url: URL): string => `${url.origin}${url.pathname}`;

function strayed(address: URL, target: URL | null): CameraError {
  const where = target === null ? "nowhere" : place(target);
  return new CameraError(`get ${place(address)}: redirected to ${where}`, {
    code: "camera_bad_answer",
    hint: "A few redirects are followed, on the same host, port and protocol only: set `url` to the camera's final address.",
  });
}

function late(url: URL, timeoutMs: number): CameraError {
  return new CameraError(`get ${place(url)}: no whole picture within ${timeoutMs} ms`, {
    code: "camera_timeout",
    hint: "Look whether the camera is overloaded or its connection weak; raise `timeoutMs` if it is only slow.",
    retryable: true,
  });
}

/** What Node's error says of the camera. Happy eyeballs give an error with a code and no message. */
function broken(url: URL, error: unknown): CameraError {
  const code = (error as NodeJS.ErrnoException).code ?? messageOf(error);
  const message = `get ${place(url)}: connection failed (${code})`;
  if (/CERT|VERIFY|ALTNAME/.test(code)) {
    return new CameraError(message, {
      code: "camera_refused",
      hint: "The camera's certificate is not trusted: name its authority in NODE_EXTRA_CA_CERTS, or use http within your own network.",
      cause: error,
    });
  }
  if (code.startsWith("HPE_") || code === "EPROTO") {
    return new CameraError(message, {
      code: "camera_bad_answer",
      hint: "Something else than this protocol answers there: correct the port or the protocol in `url`.",
      cause: error,
    });
  }
  return new CameraError(message, {
    code: "camera_off",
    hint: "Look whether the camera has power and network, and whether `url` names its host and port.",
    retryable: true,
    cause: error,
  });
}
