// Functions of ESM and CommonJS programs, found by identity and called in another process.
import assert from 'node:assert/strict';
import { roundTrip } from './programs.js';

const esmResults = {
  square: 9,
  shown: 4,
  arrow: 5,
  double: 6,
  quadruple: 12,
  Shape: 'class Shape',
  area: 300,
  round: 3000,
  cube: 27,
  negate: -3,
  later: 3.5,
  triple: 9,
  anonymous: 'default 3',
  commonJs: 'cjs 3',
  commonClass: 10,
  sqrt: Math.sqrt(3),
};

const refused = ['notExported', 'promisified', 'privateFunction', 'closure', 'inline'];

describe('functions of a program', function () {
  this.timeout(120_000);

  for (const [situation, environment] of [
    ['before its top-level awaits', {}],
    ['after a top-level await', { MP_FIXTURE_AWAIT: '1' }],
  ] as const) {
    it(`in ESM, ${situation}, are found by what they are`, async () => {
      const { report, results } = await roundTrip('esm-main.mjs', { environment });
      for (const [label, result] of Object.entries(esmResults)) {
        assert.deepEqual(
          results[label],
          result,
          `${label}: ${JSON.stringify(report.cases[label])}`,
        );
      }
      for (const label of refused) {
        assert.equal(report.cases[label]?.code, 'ERR_MP_NOT_IMPORTABLE', label);
      }
    });
  }

  it('in CommonJS are found by what they are', async () => {
    const { report, results } = await roundTrip('cjs-main.cjs');
    const expected = { square: 9, double: 6, triple: 9, area: 300, cube: 27, size: 10 };
    for (const [label, result] of Object.entries(expected)) {
      assert.deepEqual(results[label], result, `${label}: ${JSON.stringify(report.cases[label])}`);
    }
    for (const label of ['notExported', 'privateFunction', 'closure', 'inline', 'block']) {
      assert.equal(report.cases[label]?.code, 'ERR_MP_NOT_IMPORTABLE', label);
    }
  });

  it('that are re-exported, and those that another module made, are found from a timer', async () => {
    const { report, results } = await roundTrip('esm-uses-barrel.mjs');
    assert.equal(report.cases.hidden?.code, 'ERR_MP_NOT_IMPORTABLE');
    const { triple, thrice, tenfold } = results;
    assert.deepEqual({ triple, thrice, tenfold }, { triple: 9, thrice: 9, tenfold: 30 });
  });
});
