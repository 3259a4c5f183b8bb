// Text in columns, as wide as they need to be.
import Table = require('cli-table3');

/** What the library draws around cells, and nothing of it. */
const borders = ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) => {
  return [side, `${side}-mid`, `${side}-left`, `${side}-right`];
});
const chars = { ...Object.fromEntries(borders.map((border) => [border, ''])), middle: '  ' };
const noPadding = Object.fromEntries(['left', 'right'].map((side) => [`padding-${side}`, 0]));

/** Lines of a table without borders. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const style = { head: [], border: [], ...noPadding };
  const made = new Table({ head: [...head], chars, style });
  made.push(...rows.map((row) => [...row]));
  const lines = made.toString().split('\n');
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}
