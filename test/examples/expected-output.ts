// The comment at the end of an example that says what it prints:
//
//   // Prints:                 these lines, in this order
//   // Prints, in any order:   these lines; several such parts follow one another
//
// In a line <number> stands for one, <true|false> for one of both, and <time> or any other word for
// some text.
import assert from 'node:assert/strict';

/** Lines that come one after another, or in any order. */
interface Part {
  readonly anyOrder: boolean;
  readonly lines: readonly string[];
}

export function expectedIn(source: string): Part[] {
  const [, ...parts] = source.split(/^\/\/ Prints(, in any order)?:$/m);
  assert.notEqual(parts.length, 0, 'the file ends with a comment that says what it prints');
  return parts.flatMap((text, i) => {
    if (i % 2 === 0) return [];
    const lines = [...text.matchAll(/^\/\/ ?(.*)$/gm)].map(([, line = '']) => line);
    return [{ anyOrder: parts[i - 1] !== undefined, lines }];
  });
}

function patternOf(line: string): RegExp {
  const pattern = line.replaceAll(/<([^<>]+)>|[^\w\s]/gu, (part, name?: string) => {
    if (name === undefined) return `\\u{${part.codePointAt(0)!.toString(16)}}`;
    if (name === 'number') return '-?\\d+(?:\\.\\d+)?';
    return name.includes('|') ? `(?:${name})` : '.+';
  });
  return new RegExp(`^${pattern}$`, 'u');
}

/** The first line that was not expected, or that is missing; undefined when all is right. */
export function mismatch(actual: readonly string[], expected: readonly Part[]): string | undefined {
  const left = [...actual];
  for (const { anyOrder, lines } of expected) {
    const here = left.splice(0, lines.length);
    for (const line of lines) {
      const at = here.findIndex(
        (printed, i) => (anyOrder || i === 0) && patternOf(line).test(printed),
      );
      if (at < 0) return `not printed, or not there: ${line}`;
      here.splice(at, 1);
    }
  }
  return left.length === 0 ? undefined : `not expected: ${left[0]!}`;
}
