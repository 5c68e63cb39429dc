import { DoorbellError } from "../../../lib/errors.ts";

/** Everything that the supervisor can fail with or refuse, and what to do about it. */
const HINTS = {
  address_unknown: "Set the host to an address of this machine (`ip address` lists them), or to :: for all.",
  bad_descriptor:
    "Look at the .socket unit: it must have ListenStream= with a port, and no other kind of socket.",
  bad_params: "`doorbell --help` shows what is taken.",
  bad_request: 'Send one request a line, such as {"v":1,"id":1,"method":"status"}.',
  bind_failed: "Check host and port in the configuration.",
  journal_newer: "Start the newer release again, or move the file away to begin with this one.",
  journal_unreadable:
    "Start again to begin with the installed release, or mend the kept file and put it back.",
  not_running: "Wait until `doorbell status` says that it runs.",
  port_forbidden: "Set a port of 1024 or more, or let systemd open the socket and pass it (a .socket unit).",
  port_taken: "Stop that process, or set another port in the configuration.",
  run_folder_unusable:
    "It must be writable by this user, on a local disk, with a path of less than 80 letters.",
  supervisor_not_running: "Start it with `doorbell up`, as the same user and with the same data folder.",
  supervisor_running: "`doorbell status` shows it. Stop it first, or use another data folder.",
  supervisor_silent: "It may be overloaded or stopping: try again, and look at its log.",
  unknown_method: "This supervisor knows status, restart, reload, stop and scale; a newer one may know more.",
  unknown_process: "`doorbell status` lists the processes; `all` means each of them.",
  unsupported_version: "Use a command of the supervisor's own release, or upgrade the supervisor.",
};

const RETRYABLE = new Set(["not_running", "port_taken", "supervisor_not_running", "supervisor_silent"]);

/** The supervisor failed or refused. Its `code` is one of the table above. */
export class SupervisorError extends DoorbellError {
  constructor(code: keyof typeof HINTS, message: string, cause?: unknown) {
    super(message, { code, hint: HINTS[code], retryable: RETRYABLE.has(code), cause });
  }
}
