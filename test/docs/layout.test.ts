// docs/memory-layout.md says what native/layout says, and what the addon exports.
import { native } from '#internal/native/binding';
import assert from 'node:assert/strict';

import { readText, tablesIn } from './fenced-blocks';

const isTable = ([head]: readonly string[][]) => (head?.length ?? 0) > 2;
const headed = (title: string) => (table: readonly string[][]) => table[0]?.[0] === title;

describe('docs/memory-layout.md', () => {
  const inPage = tablesIn(readText('docs/memory-layout.md'), /^(?=\|)/);
  const inHeaders = [
    'segment',
    'references',
    'sync_object',
    'robust_semaphore',
    'condition',
    'barrier',
    'rwlock',
    'data_block',
    'ring',
    'pipe_end',
  ].flatMap((name) => tablesIn(readText(`native/layout/${name}.h`), /^\/\/ {2,}/).filter(isTable));

  it('has the offset tables of the headers', () => {
    const offsets = inHeaders.filter(headed('OFFSET'));
    assert.equal(offsets.length, 15);
    assert.deepEqual(inPage.filter(headed('OFFSET')), offsets);
  });

  it('has the bit tables of the headers', () => {
    const bits = inHeaders.filter(headed('BITS'));
    assert.equal(bits.length, 12);
    assert.deepEqual(inPage.filter(headed('BITS')), bits);
  });

  it('has the numbers of the addon', () => {
    const [, ...rows] = inPage.find((table) => table[0]?.[1] === 'VALUE') ?? [];
    const numbers = rows.map(([name = '', value = '']) => [name, Number(value)]);
    assert.deepEqual(Object.fromEntries(numbers), { ...native.constants });
  });

  it('names the layout version', () => {
    const version = native.constants.layoutVersion;
    assert.match(readText('docs/memory-layout.md'), new RegExp(`layout version ${version}\\b`));
  });
});
