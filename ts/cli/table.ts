// Text in columns, as wide as they need to be.

/** Lines of a table; the first row is its head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = Array.from(rows[0] ?? [], (head, column) =>
    Math.max(head.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
