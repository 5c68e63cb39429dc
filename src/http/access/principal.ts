/** What a user may do. Today each is an `owner`; the others have no rights of their own yet. */
export type Role = "owner" | "operator" | "viewer";

/** Who makes a request. */
export interface Principal {
  /** `local`: the command line on the machine, over the local socket, with the rights of the owner. */
  readonly kind: "anonymous" | "local" | "session" | "token";
  /** As the audit trail names it: `user:ID`, `token:ID`, `local`, `-`. */
  readonly actor: string;
  readonly userId: string | null;
  readonly role: Role | null;
  /** SHA-256, hex, of the cookie or token: never the secret. */
  readonly credential: string | null;
}

/** Who has shown no credential. */
export const ANONYMOUS: Principal = {
  kind: "anonymous",
  actor: "-",
  userId: null,
  role: null,
  credential: null,
};

/** The command line on the machine itself. */
export const LOCAL: Principal = {
  kind: "local",
  actor: "local",
  userId: null,
  role: "owner",
  credential: null,
};

/** Who did it, from where and when: what every act of access puts into the audit trail. */
export interface By {
  readonly actor: string;
  /** Address of the caller, `local`, or `-`. */
  readonly origin: string;
  /** ms since the epoch. */
  readonly at: number;
}
