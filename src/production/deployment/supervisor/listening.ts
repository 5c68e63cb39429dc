import { lookup } from "node:dns/promises";
import net from "node:net";
import { getSystemErrorName } from "node:util";
import { messageOf } from "../../../lib/errors.ts";
import { portHolder } from "./proc.ts";
import { SupervisorError } from "./supervisor-error.ts";

/** Where to listen: an address or name of this machine (`::` is every address, IPv4 too), and a TCP port. */
export interface Address {
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
}

/** A TCP socket that is bound once and outlives every process that accepts from it. */
export interface ListeningSocket extends Address {
  /** The descriptor in this process, for the `stdio` of `spawn`. */
  readonly fd: number;
  /** Closes this process's hold. Whoever inherited the descriptor keeps its own. */
  close(): void;
}

interface Handle {
  readonly fd: number;
  /** Fills `out` and returns 0, or returns a negative errno. Absent from what is no TCP socket. */
  getsockname?(out: { address: string; port: number }): number;
  close(): void;
}

/**
 * The one call that is not public: makes a bare handle, or answers a negative errno. `net.Server.listen` would
 * begin to accept connections in this process; a bare handle can be bound, or made of a descriptor, and handed
 * to a child untouched.
 */
const createServerHandle = (
  net as unknown as {
    _createServerHandle(host?: string, port?: number, family?: number, fd?: number): Handle | number;
  }
)._createServerHandle;

/**
 * Binds a TCP socket. From the first time that a child listens on it, the kernel queues connections, also while
 * no child is there.
 * @throws SupervisorError `port_taken`, `port_forbidden`, `address_unknown`, `bind_failed`
 */
export async function bindSocket({ host, port }: Address): Promise<ListeningSocket> {
  const { address, family } = await lookup(host).catch((cause) => {
    throw new SupervisorError("address_unknown", `bind ${host}: ${messageOf(cause)}`, cause);
  });
  // Without an address it is `::`, or 0.0.0.0 on a machine without IPv6.
  const socket = opened(createServerHandle(host === "::" ? undefined : address, port, family));
  if (typeof socket === "string") throw bindError(`bind ${host} port ${port}`, port, socket);
  return socket;
}

/** Takes over a listening socket that came as a descriptor. @throws SupervisorError `bad_descriptor` */
export function adoptSocket(fd: number): ListeningSocket {
  const socket = opened(createServerHandle(undefined, undefined, undefined, fd));
  if (typeof socket !== "string") return socket;
  throw new SupervisorError("bad_descriptor", `take over descriptor ${fd}: not a TCP socket (${socket})`);
}

/**
 * The descriptors that systemd passed (sd_listen_fds(3)): `LISTEN_FDS` of them from 3 on, if `LISTEN_PID` is
 * us. The first is the public socket and the second that of the metrics, unless the first is named `metrics`
 * (`FileDescriptorName=`).
 */
export function inheritedDescriptors(
  env: NodeJS.ProcessEnv,
  pid: number,
): { public?: number; metrics?: number } {
  const count = env.LISTEN_PID === String(pid) ? Number(env.LISTEN_FDS) : 0;
  const names = env.LISTEN_FDNAMES?.startsWith("metrics") ? ["metrics", "public"] : ["public", "metrics"];
  return Object.fromEntries(names.slice(0, count).map((name, at) => [name, 3 + at]));
}

/** The socket of a handle, or the name of the error. */
function opened(handle: Handle | number): ListeningSocket | string {
  if (typeof handle === "number") return getSystemErrorName(handle);
  const name = { address: "", port: 0 };
  // libuv keeps "address in use" back from bind until the next call on the handle: this one.
  const errno = handle.getsockname ? handle.getsockname(name) : -22;
  if (errno === 0) return { fd: handle.fd, host: name.address, port: name.port, close: () => handle.close() };
  handle.close();
  return getSystemErrorName(errno);
}

function bindError(what: string, port: number, errno: string): SupervisorError {
  switch (errno) {
    case "EADDRINUSE":
      return new SupervisorError(
        "port_taken",
        `${what}: taken by ${portHolder(port) ?? "a process of another user"}`,
      );
    case "EACCES":
      return new SupervisorError("port_forbidden", `${what}: permission denied`);
    case "EADDRNOTAVAIL":
      return new SupervisorError("address_unknown", `${what}: no address of this machine`);
    default:
      return new SupervisorError("bind_failed", `${what}: ${errno}`);
  }
}
