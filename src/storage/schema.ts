/**
 * The tables as TypeScript sees them. Times are milliseconds since the epoch, booleans 0 or 1, ids UUIDs
 * unless said otherwise, JSON columns text. What is sealed (encrypted under a key of the key store) is a
 * `Uint8Array` and says under whose key.
 */
import type { Generated } from "kysely";

/** How far a visit is: durable, pictures taken, decided, all steps done. */
export type VisitState = "accepted" | "captured" | "decided" | "done";
/** What was decided. `no_face`: nobody to be seen; `no_frame`: the camera gave no picture. */
export type Outcome = "known" | "unknown" | "watchlisted" | "no_face" | "no_frame";

/** A household or an office. Faces are never matched across sites. */
export interface SiteTable {
  id: string;
  name: string;
  /** IANA zone, such as `Europe/Berlin`. */
  time_zone: string;
  /** `en` or `de`. */
  locale: string;
}

/** A door with a bell. */
export interface DoorTable {
  /** Slug from the configuration, such as `front`. */
  id: string;
  site_id: string;
  name: string;
  /** 0 once it is gone from the configuration; its visits stay. */
  active: number;
}

/** The camera that looks at a door. */
export interface CameraTable {
  id: string;
  door_id: string;
  driver: string;
  active: number;
}

/** Everything that happened after one press, in one row; pictures, faces and messages refer to it. */
export interface VisitTable {
  id: string;
  site_id: string;
  door_id: string;
  /** `http`, `cli`, `page`, `synthetic`, later `gpio`, `mqtt`, `motion`. */
  trigger_source: string;
  state: VisitState;
  outcome: Outcome | null;
  /** Why it is `no_frame`, or why it was given up: a code. */
  reason: string | null;
  person_id: string | null;
  /** Distance of the decisive face to the nearest known one. */
  distance: number | null;
  /** How many frames agreed: `agreeing` or `single`; null where nobody was named. */
  evidence: string | null;
  /** Thresholds and votes of the decision, so that the page can say why. JSON. */
  decision: string | null;
  model: string | null;
  /** W3C traceparent of the press. */
  traceparent: string;
  idempotency_key: string | null;
  /** SHA-256 of what was asked for under the key, hex. */
  request_hash: string | null;
  synthetic: number;
  /** The release that accepted it: its lane. */
  release: string;
  accepted_at: number;
  decided_at: number | null;
  acknowledged_at: number | null;
}

/** One picture of a visit. */
export interface CaptureTable {
  id: string;
  visit_id: string;
  /** Order within the visit, from 0. */
  position: number;
  taken_at: number;
  /** `image/jpeg`, `image/png`, `image/webp`. */
  media_type: string;
  /** Size of the decoded, upright frame in which `face` boxes are counted, px; null until recognised. */
  width: number | null;
  height: number | null;
  bytes: number;
}

/** One face on a capture, and whom it was taken for. Its box is in px of the capture's frame. */
export interface FaceTable {
  id: string;
  visit_id: string;
  capture_id: string;
  position: number;
  x: number;
  y: number;
  width: number;
  height: number;
  score: number;
  /** `named`, `watchlisted`, `unknown`, `too_small`. */
  verdict: string;
  person_id: string | null;
  distance: number | null;
  /** Under the visit's key: Float32Array(128), little endian. */
  embedding: Uint8Array;
  model: string;
  corrected: Generated<number>;
}

/** Somebody whom the house knows. Without their key the name cannot be read. */
export interface PersonTable {
  id: string;
  site_id: string;
  /** Under the person's key. */
  name: Uint8Array;
  watchlisted: number;
  /** 1 for people made by the demonstration profile. */
  demonstration: number;
  created_at: number;
}

/** One face of one person that recognition compares with. */
export interface EnrolmentTable {
  id: string;
  person_id: string;
  /** `like`: is this person; `unlike`: a household said "not this person". */
  kind: "like" | "unlike";
  /** Under the person's key. */
  embedding: Uint8Array;
  model: string;
  /** `upload`, `visit`, `correction`. */
  source: string;
  face_width: number | null;
  /** The face of a past visit that it was made of. */
  face_id: string | null;
  created_at: number;
}

/** Work that waits or is being done. See `queue/`. */
export interface JobTable {
  seq: Generated<number>;
  id: string;
  lane: string;
  kind: string;
  priority: number;
  payload: string;
  payload_version: number;
  state: "open" | "dead";
  attempts: number;
  max_tries: number;
  /** When it may be taken: after a wait, or after a lease ran out. Monotonic (see `lib/clock.ts`). */
  available_boot: string;
  available_uptime: number;
  lease: string | null;
  last_error: string | null;
  enqueued_at: number;
}

/** A message on its way to one receiver. See `notifications/outbox`. */
export interface OutboxTable {
  seq: Generated<number>;
  /** Derived from what caused it: the same cause never makes two. */
  id: string;
  lane: string;
  channel: string;
  /** `visit`, `alert`, `self_test`. */
  kind: string;
  visit_id: string | null;
  rule: string;
  /** What to say, by ids only; the text is made at delivery. JSON. */
  content: string;
  urgent: number;
  state: "waiting" | "delivered" | "dead" | "cancelled";
  attempts: number;
  /** When it may be taken: after a wait, or after a lease ran out; once settled, when that was. Monotonic. */
  available_boot: string;
  available_uptime: number;
  lease: string | null;
  /** 1 from just before it is sent until it is known how that ended. */
  sending: number;
  /** Code of the last failure, or why it was cancelled. */
  last_error: string | null;
  created_at: number;
  /** Since when it waits, on both clocks: its creation, or a person's wish to try it once more. */
  waiting_since: number;
  waiting_boot: string;
  waiting_uptime: number;
  delivered_at: number | null;
  acknowledged_at: number | null;
}

/** The one bus: `seq` grows in the order of commits. */
export interface EventTable {
  seq: Generated<number>;
  at: number;
  /** Noun and past verb, such as `visit.accepted`. */
  kind: string;
  subject: string;
  /** JSON object with its version in `v`. */
  payload: string;
}

/** Who did what: only ever added to, each row chained to the one before by its hash. */
export interface AuditTable {
  seq: number;
  at: number;
  actor: string;
  action: string;
  subject: string;
  origin: string;
  outcome: string;
  detail: string;
  previous_hash: Uint8Array;
  hash: Uint8Array;
}

/** Somebody who may sign in. */
export interface UserTable {
  id: string;
  name: string;
  /** argon2id, PHC string. */
  password_hash: string;
  role: string;
  created_at: number;
}

/** A signed-in browser. */
export interface SessionTable {
  /** SHA-256 of the cookie's value. */
  hash: string;
  user_id: string;
  created_at: number;
  last_seen_at: number;
  expires_at: number;
}

/** A token for programs, with the rights of its user. `expires_at` is null for one without an end. */
export interface ApiTokenTable {
  id: string;
  name: string;
  /** SHA-256 of the token. */
  hash: string;
  user_id: string;
  created_at: number;
  expires_at: number | null;
}

/** One-time links: the first start. */
export interface SetupLinkTable {
  hash: string;
  expires_at: number;
  used_at: number | null;
}

/** Failed sign-ins that are counted against guessing. */
export interface SignInThrottleTable {
  key: string;
  failures: number;
  blocked_until: number;
}

/** Who holds a role that only one process may have, with a number that grows at each change of hands. */
export interface RoleLeaseTable {
  role: string;
  holder: string;
  fence: number;
  until_boot: string;
  until_uptime: number;
}

/** Small state of a concept that must survive a restart. JSON. */
export interface MemoTable {
  key: string;
  value: string;
}

/** A migration that has been applied. */
export interface MigrationTable {
  name: string;
  class: string;
  applied_at: number;
  duration_ms: number;
}

/** Every table by its name. */
export interface Schema {
  site: SiteTable;
  door: DoorTable;
  camera: CameraTable;
  visit: VisitTable;
  capture: CaptureTable;
  face: FaceTable;
  person: PersonTable;
  enrolment: EnrolmentTable;
  job: JobTable;
  outbox: OutboxTable;
  event: EventTable;
  audit: AuditTable;
  user: UserTable;
  session: SessionTable;
  api_token: ApiTokenTable;
  setup_link: SetupLinkTable;
  sign_in_throttle: SignInThrottleTable;
  role_lease: RoleLeaseTable;
  memo: MemoTable;
  migration: MigrationTable;
}
