/** Prints rows as text in aligned columns, numbers to the right; the first row's keys are the heading. */
export function printTable(rows: readonly Record<string, string | number>[]): void {
  const columns = Object.keys(rows[0] ?? {});
  const width = (column: string): number =>
    Math.max(column.length, ...rows.map((row) => String(row[column] ?? "").length));
  const line = (cell: (column: string) => string | number): string =>
    columns
      .map((column) => {
        const value = cell(column);
        return typeof value === "number"
          ? String(value).padStart(width(column))
          : value.padEnd(width(column));
      })
      .join("  ")
      .trimEnd();
  console.log(line((column) => column));
  for (const row of rows) console.log(line((column) => row[column] ?? ""));
}
