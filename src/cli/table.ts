/** Longest cell of a table, letters. */
const WIDEST = 60;

const WIDE = /\p{Emoji_Presentation}|[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\uFF01-\uFF60]/u;

const graphemes = new Intl.Segmenter();

/**
 * Text that is safe to write on a terminal: control characters, with which a name could move the cursor or
 * reverse the line, become `\u{…}`. Line ends stay.
 */
export function printable(text: string): string {
  return text.replace(
    /(?!\n)[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu,
    (sign) => `\\u{${sign.codePointAt(0)!.toString(16)}}`,
  );
}

/** The same on one line. */
export function oneLine(text: string): string {
  return printable(text).replaceAll("\n", " ");
}

/** Rows under their headings, in columns, each line ended; cells are one line and at most 60 letters wide. */
export function table(headings: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const lines = [headings, ...rows.map((cells) => cells.map(cellText))];
  const widths = headings.map((_, column) => Math.max(...lines.map((cells) => widthOf(cells[column] ?? ""))));
  return lines.map((cells) => inColumns(cells, widths)).join("");
}

/** One row, its line ended, of a table that goes on: its columns cannot wait for the widest cell. */
export function tableRow(cells: readonly unknown[], widths: readonly number[]): string {
  return inColumns(cells.map(cellText), widths);
}

/** Facts under each other, each on a line of its own under its name; what is not known is left out. */
export function factLines(facts: readonly (readonly [name: string, value: string | undefined])[]): string {
  const known = facts.filter(([, value]) => value !== undefined);
  const width = Math.max(...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${oneLine(`  ${name.padEnd(width)}  ${value}`)}\n`).join("");
}

function inColumns(cells: readonly string[], widths: readonly number[]): string {
  return `${cells
    .map((cell, column) => pad(cell, widths[column]!))
    .join("  ")
    .trimEnd()}\n`;
}

function cellText(value: unknown): string {
  if (value === undefined || value === null) return "-";
  const text = oneLine(typeof value === "string" ? value : JSON.stringify(value));
  if (text.length <= WIDEST) return text;
  return `${[...graphemes.segment(text.slice(0, WIDEST * 4))]
    .slice(0, WIDEST - 1)
    .map(({ segment }) => segment)
    .join("")}…`;
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

/** Columns on a terminal. */
function widthOf(text: string): number {
  return [...graphemes.segment(text)].reduce((width, { segment }) => width + (WIDE.test(segment) ? 2 : 1), 0);
}
