// What users see when they do something wrong: as ES modules, as CommonJS, and under tsx.
import assert from 'node:assert/strict';

import { runProgram, type ProgramEnd } from '../helpers/program';
import { isForking } from './running';

interface Form {
  readonly file: string;
  readonly options: readonly string[];
}

const forms: Record<string, Form> = {
  'an ES module': { file: 'main.mjs', options: [] },
  CommonJS: { file: 'main.cjs', options: [] },
  'TypeScript, as an ES module': {
    file: 'main.mts',
    options: ['--import', require.resolve('tsx')],
  },
  'TypeScript, as CommonJS': { file: 'main.cts', options: ['--import', require.resolve('tsx')] },
};

/** A program of declarations, of which `exported` are exported, and of a body. */
interface Source {
  readonly declarations: string;
  readonly exported: readonly string[];
  readonly body: string;
}

async function run(form: Form, { declarations, exported, body }: Source): Promise<ProgramEnd> {
  const isEsm = /\.m.s$/.test(form.file);
  const text = isEsm
    ? `import * as mp from 'node-multiprocessing';\n${declarations}
       export { ${exported.join()} };\n${body}`
    : `const mp = require('node-multiprocessing');\n${declarations}
       Object.assign(exports, { ${exported.join()} });\n(async () => {${body}})();`;
  return runProgram({ [form.file]: text }, [...form.options, form.file]);
}

/** Tries each and prints what it throws. */
const mistakes: Source = {
  declarations: `
    const make = () => function double(x) { return 2 * x; };
    const double = make();
    const adder = (local) => (x) => x + local;
    const other = make();
    function secret() {}
    function square(x) { return x * x; }
    class Point {}
    class Point2 {}`,
  exported: ['double', 'square'],
  body: `
    const start = (target, ...args) => new mp.Process({ target, args }).start();
    const tries = {
      closure: () => start(adder(5), 1),
      secret: () => start(secret),
      alike: () => start(other, 1),
      callback: () => start(square, { then: adder(5) }),
      promise: () => start(square, 0, { list: [1, { deep: Promise.resolve() }] }),
      inMap: () => start(square, new Map([['key', new WeakMap()]])),
      typeCode: async () => new mp.Value('x', 1),
      range: async () => { new mp.Value('b', 0).value = 200; },
      whole: async () => { new mp.Value('i', 0).value = 1.5; },
      length: async () => new mp.Array('i', -1),
      noOptions: async () => new mp.Process(square),
      noArray: async () => new mp.Process({ target: square, args: 7 }),
      noFunction: async () => new mp.Process({ target: 'square' }),
      classes: async () => {
        mp.registerClass(Point, { name: 'Point' });
        mp.registerClass(Point2, { name: 'Point' });
      },
      join: () => new mp.Process({ target: square }).join(),
      options: async () => new mp.Lock().acquireSync(5),
    };
    const told = {};
    if (mp.isMainProcess()) {
      for (const [name, attempt] of Object.entries(tries)) {
        await attempt().then(() => { told[name] = 'nothing' }, ({ name: type, code, message, stack }) => {
          told[name] = { text: type + ' ' + code + ': ' + message, stack };
        });
      }
      console.log(JSON.stringify(told));
    }`,
};

const place = String.raw`\(defined at /.+/main\.[cm][jt]s:\d+:\d+\)`;
const importable = (where: string, reason: string) =>
  new RegExp(
    `^NotImportableError ERR_MP_NOT_IMPORTABLE: ${where} ${place} cannot be sent.*${reason}`,
  );
const cloneable = (where: string, what: string) =>
  new RegExp(`^NotCloneableError ERR_MP_NOT_CLONEABLE: ${where} cannot be sent.*: ${what}.*cloned`);

const texts: Record<string, RegExp> = {
  closure: importable('target: .*', 'it is a closure.*\\(local'),
  secret: importable('target: secret', 'export.*functionRef.*functionSource'),
  alike: importable('target: double', 'export'),
  callback: importable('args\\[0\\]\\.then: .*', 'closure'),
  promise: cloneable('args\\[1\\]\\.list\\[1\\]\\.deep', 'Promise'),
  inMap: cloneable('args\\[0\\]\\.get\\("key"\\)', 'WeakMap'),
  typeCode: /^TypeError ERR_INVALID_ARG_TYPE: 'x' is no type: give one of 'b' 'B'/,
  range: /^RangeError ERR_OUT_OF_RANGE: int8 holds -128 … 127, not 200$/,
  whole: /^TypeError ERR_INVALID_ARG_TYPE: int32 holds whole numbers, not 1\.5$/,
  length: /^RangeError ERR_OUT_OF_RANGE: a length must not be -1$/,
  noOptions: /^TypeError .*options such as \{ target: square, args: \[7\] \}$/,
  noArray: /^TypeError .*args must be an array, such as args: \[7\]$/,
  noFunction: /^TypeError .*target must be a function$/,
  classes: /^MultiprocessingError ERR_MP_CLASS_NAME: .*"Point": pass \{ name \}/,
  join: /^ProcessStateError ERR_MP_PROCESS_STATE: only a started process can be joined$/,
  options: /^TypeError .*\{ timeout: ms \}, not 5; to try without waiting use tryAcquire\(\)$/,
};

const noGuard: Source = {
  declarations: 'function f() {}',
  exported: ['f'],
  body: `
    const child = new mp.Process({ target: f });
    await child.start();
    await child.join();
    console.log('exit code', child.exitCode);`,
};

const failsInChild: Source = {
  declarations: `
    function f() {}
    if (!mp.isMainProcess()) throw new TypeError('not in a child');`,
  exported: ['f'],
  body: `
    const child = new mp.Process({ target: f });
    await child.start();
    await child.result().catch((error) => console.log('caught', error.name, error.message));
    await child.join();
    console.log('exit code', child.exitCode);`,
};

// Nothing is sent to a copy of the process, and it imports nothing.
const describeSending = isForking ? describe.skip : describe;

for (const [name, form] of Object.entries(forms)) {
  describeSending(`what goes wrong in ${name}`, () => {
    it('is said in words that help, and shows the line', async () => {
      const { stdout, stderr } = await run(form, mistakes);
      assert.equal(stderr, '');
      const told = JSON.parse(stdout) as Record<string, { text: string; stack: string }>;
      assert.deepEqual(Object.keys(told), Object.keys(texts));
      for (const [mistake, { text, stack }] of Object.entries(told)) {
        assert.match(text, texts[mistake]!);
        assert.match(
          stack,
          /\n +at .*main\.[cm][jt]s:\d+:\d+/,
          `${mistake} shows where it happened`,
        );
      }
    });

    it('without a main guard is explained, once, by its child', async () => {
      const { stdout, stderr, code } = await run(form, noGuard);
      assert.equal(stdout, 'exit code 1\n');
      assert.match(stderr, /Process Process-1:\n/);
      assert.match(
        stderr,
        /still importing the main module.*\n\n {4}if \(isMainProcess\(\)\) \{\n/,
      );
      assert.match(stderr, /main\.[cm][jt]s:\d+:\d+/);
      assert.match(stderr, /ERR_MP_BOOTSTRAP/);
      assert.equal(stderr.match(/Process Process-/g)?.length, 1);
      assert.equal(code, 0);
    });

    it('while a child imports the program is seen on both sides', async () => {
      const { stdout, stderr } = await run(form, failsInChild);
      assert.equal(stdout, 'caught TypeError not in a child\nexit code 1\n');
      assert.match(
        stderr,
        /(^|\n)Process Process-1:\nTypeError: not in a child\n.*main\.[cm][jt]s:\d/,
      );
    });
  });
}
