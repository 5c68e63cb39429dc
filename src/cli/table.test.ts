import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { factLines, printable, table, tableRow } from "./table.ts";

describe("table", () => {
  it("lines its columns up, also under letters of double width", () => {
    const text = table(
      ["DOOR", "NAME"],
      [
        ["front", "李小龍"],
        ["b", undefined],
        ["c", "é👩‍👩‍👧"],
      ],
    );
    expect(text).toBe("DOOR   NAME\nfront  李小龍\nb      -\nc      é👩‍👩‍👧\n");
    expect(
      table(
        ["A", "B"],
        [
          ["李", "x"],
          ["abc", "y"],
        ],
      ),
    ).toBe("A    B\n李   x\nabc  y\n");
  });

  it("goes on row by row in columns of given widths, which a wide cell moves for its own row only", () => {
    expect(tableRow(["a", null, "c"], [3, 2, 1])).toBe("a    -   c\n");
    expect(tableRow(["abcd", "b", "c\n"], [3, 2, 1])).toBe("abcd  b   c\n");
  });

  it("has facts under each other, without those that are not known", () => {
    expect(
      factLines([
        ["door", "front\x07"],
        ["outcome", undefined],
        ["by", "cli"],
      ]),
    ).toBe("  door  front\\u{7}\n  by    cli\n");
  });

  it("cuts a long cell between letters", () => {
    const [, row = ""] = table(["NAME"], [["é".repeat(10_000)]]).split("\n");
    expect(row).toBe(`${"é".repeat(59)}…`);
  });

  it("has one line a row, whatever is in the cells", () => {
    const cells = fc.array(fc.tuple(fc.string({ unit: "binary" }), fc.anything()));
    fc.assert(
      fc.property(cells, (rows) => {
        expect(
          table(
            ["A", "B"],
            rows.map(([a, b]) => [a, typeof b === "bigint" ? 0 : b]),
          ).split("\n"),
        ).toHaveLength(rows.length + 2);
      }),
    );
  });
});

describe("printable", () => {
  it("lets no text move the cursor, clear the screen or turn the line round", () => {
    expect(printable("\x1b[2Jx\r\u202e\ny")).toBe("\\u{1b}[2Jx\\u{d}\\u{202e}\ny");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(printable(text)).not.toMatch(/(?!\n)\p{Cc}/u);
      }),
    );
  });

  it("leaves names of every script as they are", () => {
    for (const name of ["Łukasz Żółć", "محمد", "李小龍", "🙂"]) expect(printable(name)).toBe(name);
  });
});
