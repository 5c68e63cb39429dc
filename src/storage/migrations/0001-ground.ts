import type { Migration } from "../migrate.ts";

/** The first tables. What each column means stands in `storage/schema.ts`. */
export const ground: Migration = {
  name: "0001-ground",
  class: "expand",
  longestLockMs: 50,
  sql: `
create table site (
  id text primary key, name text not null, time_zone text not null, locale text not null
) strict;

create table door (
  id text primary key, site_id text not null references site, name text not null, active integer not null
) strict;

create table camera (
  id text primary key, door_id text not null references door, driver text not null, active integer not null
) strict;

create table visit (
  id text primary key,
  site_id text not null references site,
  door_id text not null references door,
  trigger_source text not null,
  state text not null check (state in ('accepted','captured','decided','done')),
  outcome text check (outcome in ('known','unknown','watchlisted','no_face','no_frame')),
  reason text,
  person_id text,
  distance real,
  evidence text,
  decision text,
  model text,
  traceparent text not null,
  idempotency_key text,
  request_hash text,
  synthetic integer not null,
  release text not null,
  accepted_at integer not null,
  decided_at integer,
  acknowledged_at integer
) strict;
create unique index visit_idempotency on visit (door_id, idempotency_key) where idempotency_key is not null;
create index visit_person on visit (person_id) where person_id is not null;

create table capture (
  id text primary key,
  visit_id text not null references visit,
  position integer not null,
  taken_at integer not null,
  media_type text not null,
  width integer,
  height integer,
  bytes integer not null,
  unique (visit_id, position)
) strict;

create table face (
  id text primary key,
  visit_id text not null references visit,
  capture_id text not null references capture,
  position integer not null,
  x real not null, y real not null, width real not null, height real not null,
  score real not null,
  verdict text not null check (verdict in ('named','watchlisted','unknown','too_small')),
  person_id text,
  distance real,
  embedding blob not null,
  model text not null,
  corrected integer not null default 0
) strict;
create index face_visit on face (visit_id);
create index face_person on face (person_id) where person_id is not null;

create table person (
  id text primary key,
  site_id text not null references site,
  name blob not null,
  watchlisted integer not null,
  demonstration integer not null,
  created_at integer not null
) strict;

create table enrolment (
  id text primary key,
  person_id text not null references person on delete cascade,
  kind text not null check (kind in ('like','unlike')),
  embedding blob not null,
  model text not null,
  source text not null,
  face_width real,
  face_id text,
  created_at integer not null
) strict;
create index enrolment_person on enrolment (person_id);

create table job (
  seq integer primary key,
  id text not null unique,
  lane text not null,
  kind text not null,
  priority integer not null,
  payload text not null,
  payload_version integer not null,
  state text not null check (state in ('open','dead')),
  attempts integer not null,
  max_tries integer not null,
  available_boot text not null,
  available_uptime integer not null,
  lease text,
  last_error text,
  enqueued_at integer not null
) strict;
create index job_next on job (lane, priority, seq) where state = 'open';

create table outbox (
  seq integer primary key,
  id text not null unique,
  lane text not null,
  channel text not null,
  kind text not null,
  visit_id text,
  rule text not null,
  content text not null,
  urgent integer not null,
  state text not null check (state in ('waiting','delivered','dead','cancelled')),
  attempts integer not null,
  available_boot text not null,
  available_uptime integer not null,
  lease text,
  sending integer not null,
  last_error text,
  created_at integer not null,
  waiting_since integer not null,
  waiting_boot text not null,
  waiting_uptime integer not null,
  delivered_at integer,
  acknowledged_at integer
) strict;
create index outbox_waiting on outbox (lane, channel, urgent desc, seq) where state = 'waiting';
create index outbox_visit on outbox (visit_id) where visit_id is not null;
create index outbox_delivered on outbox (channel, delivered_at) where state = 'delivered';
create index outbox_dead on outbox (channel) where state = 'dead';
create index outbox_settled on outbox (channel, available_boot, available_uptime) where state = 'delivered';

create table event (
  seq integer primary key autoincrement,
  at integer not null,
  kind text not null,
  subject text not null,
  payload text not null
) strict;

create table audit (
  seq integer primary key,
  at integer not null,
  actor text not null,
  action text not null,
  subject text not null,
  origin text not null,
  outcome text not null,
  detail text not null,
  previous_hash blob not null,
  hash blob not null
) strict;

create table user (
  id text primary key, name text not null unique, password_hash text not null,
  role text not null check (role in ('owner','operator','viewer')), created_at integer not null
) strict;

create table session (
  hash text primary key, user_id text not null references user on delete cascade,
  created_at integer not null, last_seen_at integer not null, expires_at integer not null
) strict;

create table api_token (
  id text primary key, name text not null, hash text not null unique,
  user_id text not null references user on delete cascade,
  created_at integer not null, expires_at integer
) strict;

create table setup_link (hash text primary key, expires_at integer not null, used_at integer) strict;

create table sign_in_throttle (
  key text primary key, failures integer not null, blocked_until integer not null
) strict;

create table role_lease (
  role text primary key, holder text not null, fence integer not null,
  until_boot text not null, until_uptime integer not null
) strict;

create table memo (key text primary key, value text not null) strict;
`,
};
