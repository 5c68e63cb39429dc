import type { Embedding } from "./face-engine.ts";

/** What is known of one person's face. */
export interface Exemplars {
  /** Embeddings of the person. */
  readonly enrolled: readonly Embedding[];
  /** Embeddings of other people who were taken for this person ("not this person"). */
  readonly negatives: readonly Embedding[];
}

/** A person and how far the nearest of their enrolled embeddings is: Euclidean, 0 to about 1.5. */
export interface Candidate {
  readonly personId: string;
  readonly distance: number;
}

/** Who is near an embedding, whatever the distance: thresholds are the decision's matter. */
export interface Nearest {
  /** The nearest person; undefined when nobody is enrolled or corrections rule everybody out. */
  readonly best: Candidate | undefined;
  /** The nearest other person: close to `best`, the match is in doubt. */
  readonly other: Candidate | undefined;
  /** People nearer than `best` whom a correction rules out, nearest first. */
  readonly ruledOut: readonly Candidate[];
}

/** The faces known to one site, of one model: distances between embeddings of two models mean nothing. */
export interface Gallery {
  /** Number of enrolled embeddings. */
  readonly size: number;
  /** Enrols one more embedding. */
  add(personId: string, embedding: Embedding): void;
  /** Notes a correction: nearer to this embedding than to any enrolled one is not this person. */
  reject(personId: string, embedding: Embedding): void;
  /** Sets everything known of a person. */
  replace(personId: string, exemplars: Exemplars): void;
  /** Forgets a person, enrolled embeddings and corrections; nothing happens when unknown. */
  remove(personId: string): void;
  nearest(embedding: Embedding): Nearest;
}

interface Person {
  readonly id: string;
  readonly negatives: Embedding[];
}

/**
 * Creates an empty gallery: one flat array, every row compared. 100,000 rows take some 11 ms, which
 * no index is worth; see `bench/match.ts`.
 * @param dimensions numbers of an embedding, a multiple of 4
 */
export function createGallery(dimensions = 128): Gallery {
  let rows = new Float32Array(0);
  /** For each row the slot of its person. */
  let owners = new Int32Array(0);
  let size = 0;
  /** People by slot; a slot of somebody forgotten is used again. */
  const people: (Person | undefined)[] = [];
  const slots = new Map<string, number>();
  /** For each slot the smallest squared distance of the current search. */
  let smallest = new Float64Array(0);

  function slotOf(personId: string): number {
    const known = slots.get(personId);
    if (known !== undefined) return known;
    const vacant = people.indexOf(undefined);
    const slot = vacant === -1 ? people.length : vacant;
    people[slot] = { id: personId, negatives: [] };
    slots.set(personId, slot);
    if (smallest.length < people.length) smallest = new Float64Array(2 * people.length);
    return slot;
  }

  function checked(embedding: Embedding): Embedding {
    if (embedding.length === dimensions) return embedding;
    throw new RangeError(`embedding has ${embedding.length} numbers instead of ${dimensions}`);
  }

  function grow(): void {
    const capacity = Math.max(16, 2 * size);
    const moreRows = new Float32Array(capacity * dimensions);
    moreRows.set(rows);
    rows = moreRows;
    const moreOwners = new Int32Array(capacity);
    moreOwners.set(owners);
    owners = moreOwners;
  }

  function dropRow(row: number): void {
    size -= 1;
    rows.copyWithin(row * dimensions, size * dimensions, (size + 1) * dimensions);
    owners[row] = owners[size]!;
  }

  /** Four sums at once keep the processor's adders busy; one sum would wait for itself. */
  function search(probe: Embedding): void {
    smallest.fill(Number.POSITIVE_INFINITY);
    for (let row = 0, at = 0; row < size; row++) {
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      for (let i = 0; i < dimensions; i += 4, at += 4) {
        const w = rows[at]! - probe[i]!;
        const x = rows[at + 1]! - probe[i + 1]!;
        const y = rows[at + 2]! - probe[i + 2]!;
        const z = rows[at + 3]! - probe[i + 3]!;
        a += w * w;
        b += x * x;
        c += y * y;
        d += z * z;
      }
      const squared = a + b + (c + d);
      const owner = owners[row]!;
      if (squared < smallest[owner]!) smallest[owner] = squared;
    }
  }

  /** True when a correction is nearer than everything enrolled. */
  const isRuledOut = ({ negatives }: Person, squared: number, probe: Embedding): boolean =>
    negatives.some((negative) => squaredDistance(negative, probe) < squared);

  const gallery: Gallery = {
    get size() {
      return size;
    },
    add(personId, embedding) {
      checked(embedding);
      if (size === owners.length) grow();
      rows.set(embedding, size * dimensions);
      owners[size] = slotOf(personId);
      size += 1;
    },
    reject(personId, embedding) {
      people[slotOf(personId)]!.negatives.push(checked(embedding));
    },
    replace(personId, { enrolled, negatives }) {
      gallery.remove(personId);
      for (const embedding of enrolled) gallery.add(personId, embedding);
      for (const embedding of negatives) gallery.reject(personId, embedding);
    },
    remove(personId) {
      const slot = slots.get(personId);
      if (slot === undefined) return;
      for (let row = size - 1; row >= 0; row--) if (owners[row] === slot) dropRow(row);
      slots.delete(personId);
      people[slot] = undefined;
    },
    nearest(probe) {
      search(checked(probe));
      let [best, other] = [-1, -1];
      const excluded: number[] = [];
      const at = (slot: number): number => (slot === -1 ? Number.POSITIVE_INFINITY : smallest[slot]!);
      for (const [slot, person] of people.entries()) {
        const squared = at(slot);
        if (person === undefined || squared >= at(other)) continue;
        if (isRuledOut(person, squared, probe)) excluded.push(slot);
        else if (squared < at(best)) [best, other] = [slot, best];
        else other = slot;
      }
      const candidate = (slot: number): Candidate => ({
        personId: people[slot]!.id,
        distance: Math.sqrt(smallest[slot]!),
      });
      return {
        best: best === -1 ? undefined : candidate(best),
        other: other === -1 ? undefined : candidate(other),
        ruledOut: excluded
          .filter((slot) => at(slot) < at(best))
          .sort((a, b) => at(a) - at(b))
          .map(candidate),
      };
    },
  };
  return gallery;
}

function squaredDistance(a: Embedding, b: Embedding): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}

/** Euclidean distance of two embeddings of one model. */
export const distanceBetween = (a: Embedding, b: Embedding): number => Math.sqrt(squaredDistance(a, b));
