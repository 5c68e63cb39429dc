import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Embedding } from "./face-engine.ts";
import { createGallery, distanceBetween, type Gallery, type Nearest } from "./matcher.ts";

const at = (...numbers: number[]): Embedding => Float32Array.from([...numbers, 0, 0, 0].slice(0, 4));

describe("a gallery", () => {
  it("names the nearest person and tells how far the next one is", () => {
    const gallery = createGallery(4);
    gallery.add("anna", at(1));
    gallery.add("anna", at(4));
    gallery.add("ben", at(8));
    gallery.add("carla", at(20));
    expect(gallery.nearest(at(5))).toEqual({
      best: { personId: "anna", distance: 1 },
      other: { personId: "ben", distance: 3 },
      ruledOut: [],
    });
  });

  it("names nobody when nobody is enrolled", () => {
    expect(createGallery(4).nearest(at(0))).toEqual({ best: undefined, other: undefined, ruledOut: [] });
  });

  it("rules a person out where a correction is nearer than every enrolment, and only there", () => {
    const gallery = createGallery(4);
    gallery.add("anna", at(0));
    gallery.add("ben", at(10));
    gallery.reject("anna", at(3));
    expect(gallery.nearest(at(2.5))).toEqual({
      best: { personId: "ben", distance: 7.5 },
      other: undefined,
      ruledOut: [{ personId: "anna", distance: 2.5 }],
    });
    expect(gallery.nearest(at(1)).best?.personId).toBe("anna");
  });

  it("forgets a person with enrolments and corrections", () => {
    const gallery = createGallery(4);
    gallery.add("anna", at(0));
    gallery.reject("anna", at(1));
    gallery.remove("anna");
    expect(gallery.size).toBe(0);
    gallery.add("ben", at(0));
    expect(gallery.nearest(at(1)).best?.personId, "anna's correction is not ben's").toBe("ben");
  });

  it("refuses an embedding of another length", () => {
    expect(() => createGallery().add("anna", at(1))).toThrow("embedding has 4 numbers instead of 128");
  });

  it("does after any changes what a plain search over a list does", () => {
    const person = fc.constantFrom("a", "b", "c", "d", "e");
    const embedding = fc
      .array(fc.integer({ min: -50, max: 50 }), { minLength: 4, maxLength: 4 })
      .map((n) => at(...n));
    const exemplars = fc.record({
      enrolled: fc.array(embedding, { maxLength: 4 }),
      negatives: fc.array(embedding, { maxLength: 2 }),
    });
    const change: fc.Arbitrary<(gallery: Gallery) => void> = fc.oneof(
      fc.tuple(person, embedding).map(
        ([id, e]) =>
          (gallery: Gallery) =>
            gallery.add(id, e),
      ),
      fc.tuple(person, embedding).map(
        ([id, e]) =>
          (gallery: Gallery) =>
            gallery.reject(id, e),
      ),
      fc.tuple(person, exemplars).map(
        ([id, e]) =>
          (gallery: Gallery) =>
            gallery.replace(id, e),
      ),
      person.map((id) => (gallery: Gallery) => gallery.remove(id)),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), embedding, (changes, probe) => {
        const [gallery, plain] = [createGallery(4), plainGallery()];
        for (const apply of changes) for (const each of [gallery, plain]) apply(each);
        expect(distances(gallery.nearest(probe))).toEqual(distances(plain.nearest(probe)));
        expect(gallery.size).toBe(plain.size);
      }),
      { numRuns: 500 },
    );
  });
});

/** Distances only: which of two equally near people comes first is not promised. */
function distances({ best, other, ruledOut }: Nearest) {
  return [best?.distance, other?.distance, ruledOut.map((candidate) => candidate.distance)];
}

/** The rules in the plainest words. */
function plainGallery(): Gallery {
  const people = new Map<string, { enrolled: Embedding[]; negatives: Embedding[] }>();
  const known = (id: string) => {
    const person = people.get(id) ?? { enrolled: [], negatives: [] };
    people.set(id, person);
    return person;
  };
  return {
    get size() {
      return [...people.values()].reduce((sum, { enrolled }) => sum + enrolled.length, 0);
    },
    add: (id, embedding) => known(id).enrolled.push(embedding),
    reject: (id, embedding) => known(id).negatives.push(embedding),
    replace: (id, { enrolled, negatives }) =>
      people.set(id, { enrolled: [...enrolled], negatives: [...negatives] }),
    remove: (id) => people.delete(id),
    nearest(probe) {
      const nearestOf = (list: Embedding[]) => Math.min(...list.map((item) => distanceBetween(item, probe)));
      const near = [...people]
        .map(([personId, { enrolled, negatives }]) => ({
          candidate: { personId, distance: nearestOf(enrolled) },
          out: nearestOf(negatives) < nearestOf(enrolled),
        }))
        .filter(({ candidate }) => candidate.distance < Number.POSITIVE_INFINITY)
        .sort((a, b) => a.candidate.distance - b.candidate.distance);
      const [best, other] = near.filter(({ out }) => !out).map(({ candidate }) => candidate);
      const ruledOut = near.filter(({ out }) => out).map(({ candidate }) => candidate);
      const limit = best?.distance ?? Number.POSITIVE_INFINITY;
      return { best, other, ruledOut: ruledOut.filter(({ distance }) => distance < limit) };
    },
  };
}
