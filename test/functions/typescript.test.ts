// The same for programs in TypeScript: under tsx, and under Node's own type stripping.
import assert from 'node:assert/strict';
import { roundTrip } from './programs.js';

const results = {
  square: 9,
  double: 6,
  quadruple: 12,
  cube: 27,
  triple: 9,
  Point: 'class Point',
  origin: 'origin 3',
};

async function check(options: string[], program = 'ts-main.ts'): Promise<void> {
  const { report, results: called } = await roundTrip(program, { options });
  for (const label of ['notExported', 'privateFunction']) {
    assert.equal(report.cases[label]?.code, 'ERR_MP_NOT_IMPORTABLE', label);
  }
  assert.deepEqual(called, results);
  // The line in the source that the person wrote.
  assert.match(report.cases.privateFunction!.error!, /ts-main\.m?ts:15:/);
}

describe('functions of a TypeScript program', function () {
  this.timeout(120_000);

  it('run by tsx are found by what they are', () => check(['--import', 'tsx']));

  it('run by tsx as an ECMAScript module are found by what they are', () =>
    check(['--import', 'tsx'], 'ts-main.mts'));

  it("run by tsx's hook of require are found by what they are", () =>
    check(['--require', 'tsx/cjs']));

  it('whose types Node strips are found by what they are', async function () {
    const { features } = process as { features: { typescript?: unknown } };
    // Node 20 cannot.
    if (features.typescript !== 'strip' && features.typescript !== 'transform') this.skip();
    await check(['--no-warnings']);
  });
});
