import { openConnection } from "../src/storage/sqlite/connection.ts";
import type { Receiver } from "../src/testing/receiver.ts";
import type { Told } from "./visitors.ts";

/** What the database says at the end. */
export interface Books {
  readonly visits: readonly { readonly id: string; readonly key: string | null; readonly state: string }[];
  /** Visit -> how often the bus said that it was accepted, decided and done. */
  readonly said: ReadonlyMap<string, Readonly<Record<string, number>>>;
  readonly open: { readonly jobs: number; readonly deliveries: number };
  /** Ids among the dead letters. */
  readonly dead: readonly string[];
  /** Delivery -> its visit, of every row of the outbox. */
  readonly outbox: ReadonlyMap<string, string>;
}

/** Reads it. @param path of the database */
export function readBooks(path: string): Books {
  const connection = openConnection(path, { readOnly: true });
  const all = (sql: string) => connection.all(sql, []) as Record<string, string>[];
  const count = (sql: string): number => Number(connection.all(sql, [])[0]!.n);
  try {
    const said = new Map<string, Record<string, number>>();
    for (const { subject, kind } of all("select subject, kind from event where kind like 'visit.%'")) {
      const kinds = said.get(subject!) ?? {};
      kinds[kind!] = (kinds[kind!] ?? 0) + 1;
      said.set(subject!, kinds);
    }
    return {
      visits: all("select id, idempotency_key as key, state from visit") as unknown as Books["visits"],
      said,
      open: {
        jobs: count("select count(*) as n from job where state = 'open'"),
        deliveries: count("select count(*) as n from outbox where state = 'waiting'"),
      },
      dead: all(
        "select id from job where state = 'dead' union select id from outbox where state in ('dead', 'cancelled')",
      ).map(({ id }) => id!),
      outbox: new Map(all("select id, visit_id from outbox").map(({ id, visit_id }) => [id!, visit_id!])),
    };
  } finally {
    connection.close();
  }
}

const ONCE = { "visit.accepted": 1, "visit.decided": 1, "visit.done": 1 };

/**
 * One sentence for each promise that does not hold. A delivery may come twice only where its sender was killed
 * between sending and recording, and then under the same id.
 */
export function brokenPromises(
  told: Told,
  { visits, said, open, dead, outbox }: Books,
  { deliveries, forged }: Pick<Receiver, "deliveries" | "forged">,
  { sendersKilled }: { sendersKilled: number },
): string[] {
  const broken: string[] = [];
  const expect = (holds: boolean, sentence: string): void => void (holds || broken.push(sentence));

  const byId = new Map(visits.map((visit) => [visit.id, visit]));
  for (const [key, visitId] of told.keyed) {
    expect(
      byId.get(visitId)?.key === key,
      `press ${key} was answered with visit ${visitId}, which is not its own`,
    );
  }
  for (const visitId of told.unkeyed) expect(byId.has(visitId), `visit ${visitId} was answered and is lost`);
  expect(new Set(told.unkeyed).size === told.unkeyed.length, "two presses without a key were answered alike");
  expect(
    told.contradictions.length === 0,
    `${told.contradictions.length} keys were answered with two visits`,
  );

  const unkeyed = visits.filter(({ key }) => key === null);
  const unheard = unkeyed.filter(({ id }) => !told.unkeyed.includes(id));
  expect(
    unheard.length <= told.unknown,
    `${unheard.length} visits that nobody was told of, but only ${told.unknown} presses with an unknown end`,
  );
  for (const { id, key } of visits) {
    expect(key === null || told.keyed.get(key) === id, `visit ${id} of key ${key} was never answered`);
  }

  for (const { id, state } of visits) {
    expect(state === "done", `visit ${id} is ${state}`);
    const kinds = JSON.stringify(said.get(id) ?? {});
    expect(sameCounts(said.get(id), ONCE), `visit ${id} was said ${kinds}`);
  }
  expect(said.size === visits.length, `${said.size} visits on the bus, ${visits.length} in the table`);
  expect(open.jobs + open.deliveries === 0, `left open: ${JSON.stringify(open)}`);
  expect(dead.length === 0, `among the dead letters: ${dead.join(", ")}`);

  expect(outbox.size === visits.length, `${outbox.size} deliveries for ${visits.length} visits`);
  expect(deliveries.size === outbox.size, `${deliveries.size} of ${outbox.size} deliveries arrived`);
  for (const [id, { visitId, times }] of deliveries) {
    expect(outbox.get(id) === visitId, `delivery ${id} of visit ${visitId} is not in the outbox`);
    expect(times <= 2, `delivery ${id} came ${times} times`);
  }
  const repeats = [...deliveries.values()].reduce((sum, { times }) => sum + times - 1, 0);
  expect(
    repeats <= sendersKilled,
    `${repeats} repeated deliveries, but the sender was killed ${sendersKilled} times`,
  );
  expect(forged === 0, `${forged} webhooks without our signature`);
  return broken;
}

function sameCounts(
  found: Readonly<Record<string, number>> = {},
  wanted: Readonly<Record<string, number>>,
): boolean {
  const kinds = new Set([...Object.keys(found), ...Object.keys(wanted)]);
  return [...kinds].every((kind) => found[kind] === wanted[kind]);
}
