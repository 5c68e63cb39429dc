import type { AnyAct } from "../../storage/database.ts";
import { signOut, touchSession } from "./sessions.ts";
import { insertSetupLink, useSetupLink } from "./setup.ts";
import { completeSignIn, refuseSignIn } from "./sign-in.ts";
import { countAttempt } from "./throttle.ts";
import { insertToken, revokeToken } from "./tokens.ts";

/** All that access writes, for the list of the writer thread. */
export const accessActs: readonly AnyAct[] = [
  completeSignIn,
  countAttempt,
  insertSetupLink,
  insertToken,
  refuseSignIn,
  revokeToken,
  signOut,
  touchSession,
  useSetupLink,
];
