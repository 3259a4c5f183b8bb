// functionRef, functionSource, and what the errors say.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { runInThisContext } from 'node:vm';
import { functionRef, functionSource, NotImportableError } from 'node-multiprocessing';
import type * as FunctionRefs from '#internal/functions/function-ref';
import type * as ReferenceOf from '#internal/functions/reference-of';
import type * as Resolve from '#internal/functions/resolve';
import { callElsewhere, fixture, reportOf, roundTrip, runNode } from './programs.js';

const load = createRequire(fixture('kit.cjs'));
const { referenceOf } = load('#internal/functions/reference-of') as typeof ReferenceOf;
const { resolve, resolveSync } = load('#internal/functions/resolve') as typeof Resolve;
const { isFunctionRef } = load('#internal/functions/function-ref') as typeof FunctionRefs;

type Call = (...args: unknown[]) => unknown;

async function back(ref: ReturnType<typeof functionRef>): Promise<Call> {
  return (await resolve(JSON.parse(JSON.stringify(referenceOf(ref))) as never)) as Call;
}

describe('functionRef()', () => {
  const library = fixture('cjs-lib.cjs');

  it('names an export by path, by URL and by URL object', async () => {
    const url = pathToFileURL(library);
    for (const module of [library, url.href, url]) {
      assert.equal((await back(functionRef(module, 'commonJs')))(3), 'cjs 3');
    }
    assert.equal((await back(functionRef(library, 'Thing.size')))(3), 10);
  });

  it('names exports of ECMAScript modules and of Node', async () => {
    assert.equal((await back(functionRef(fixture('esm-lib.mjs'), 'triple')))(3), 9);
    assert.equal((await back(functionRef(fixture('esm-lib.mjs'), 'default')))(3), 'default 3');
    assert.equal((await back(functionRef('node:path', 'posix.join')))('a', 'b'), 'a/b');
    assert.equal((await back(functionRef('path', 'basename')))('/a/b'), 'b');
  });

  it('is known as one, and says what it names', () => {
    const ref = functionRef(library, 'commonJs');
    assert.equal(isFunctionRef(ref), true);
    assert.equal(isFunctionRef(functionRef), false);
    assert.match(String(ref), /functionRef\('file:.*cjs-lib\.cjs', 'commonJs'\)/);
  });

  it('of a name that is no function rejects where it is called', async () => {
    await assert.rejects(back(functionRef(library, 'missing')), NotImportableError);
    await assert.rejects(back(functionRef(library, 'Thing.prototype')), /value of type object/);
    await assert.rejects(back(functionRef(fixture('none.mjs'), 'f')), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
  });

  it('refuses relative paths and empty names', () => {
    assert.throws(() => functionRef('./lib.js', 'f'), TypeError);
    for (const name of ['', '.', 'a.', '.a', 'a..b']) {
      assert.throws(() => functionRef(library, name), TypeError);
    }
  });
});

describe('functionSource()', () => {
  // Methods, to be sent without their object.
  const helper: Record<'method' | 'generate', Call> & { readonly accessor: number } = {
    method(x: unknown): number {
      return (x as number) + 1;
    },
    async *generate(x: unknown): AsyncGenerator {
      yield await Promise.resolve(x);
    },
    get accessor(): number {
      return 1;
    },
  };

  it('sends functions, arrow functions, methods and classes', async () => {
    const sent = async (fn: Call): Promise<Call> => back(functionSource(fn as never));
    assert.equal(
      (
        await sent(function (x) {
          return -(x as number);
        })
      )(3),
      -3,
    );
    assert.equal((await sent((x) => (x as number) * 2))(3), 6);
    assert.equal((await sent(helper.method))(3), 4);
    assert.equal(await (await sent(async (x) => Promise.resolve(x)))(3), 3);
    const generated = (await sent(helper.generate))(3) as AsyncGenerator<number>;
    assert.deepEqual(await generated.next(), { value: 3, done: false });
    const Made = (await sent(
      class Made {
        value = 5;
      } as unknown as Call,
    )) as unknown as new () => { value: number };
    assert.equal(new Made().value, 5);
  });

  it('gives a function without what is around it', async () => {
    const outside = 1;
    const fn = await back(functionSource((x: number) => x + outside));
    assert.throws(() => fn(3), ReferenceError);
  });

  it('lets it import', async () => {
    const fn = await back(functionSource(async () => (await import('node:path')).basename('/a/b')));
    assert.equal(await fn(), 'b');
  });

  it('keeps strict mode as it was', async () => {
    const sloppy = runInThisContext('(function () { return this === undefined; })') as Call;
    assert.equal((await back(functionSource(sloppy)))(), false);
  });

  it('refuses what has no source text, or none that stands by itself', () => {
    for (const fn of [Math.sqrt, ((x: number) => x).bind(null, 1)]) {
      assert.throws(() => functionSource(fn), NotImportableError);
    }
    const accessor = Object.getOwnPropertyDescriptor(helper, 'accessor')!;
    assert.throws(() => functionSource(Reflect.get(accessor, 'get') as Call), NotImportableError);
    assert.throws(() => functionSource('x => x' as never), TypeError);
  });
});

describe('references', function () {
  this.timeout(120_000);

  it('are refused when another function is there now', async () => {
    const reference = referenceOf(Math.sqrt);
    assert.equal(resolveSync(reference), Math.sqrt);
    const { commonJs } = load(fixture('cjs-lib.cjs')) as { commonJs: Call };
    const made = referenceOf(commonJs);
    const changed = { ...made, path: ['Thing'] };
    await assert.rejects(resolve(changed), /another function in this process/);
  });

  it('take the same function again from a WeakMap', () => {
    assert.equal(referenceOf(functionRef), referenceOf(functionRef));
  });

  it('are not made of what is no function', () => {
    for (const value of [undefined, null, {}, 'square']) {
      assert.throws(() => referenceOf(value as never), TypeError);
    }
  });

  it('to functions of a main module at a top-level await resolve there', async () => {
    const output = await runNode([fixture('esm-await-main.mjs')]);
    assert.deepEqual(JSON.parse(output), [true, true]);
  });

  it('find what CommonJS exports at the end of the file', async () => {
    const { report, results } = await roundTrip('cjs-late-main.cjs');
    assert.deepEqual(results, { square: 18, cube: 27 });
    assert.match(report.cases.other!.error!, /as far as it has run.*before the code/);
    assert.match(
      report.cases.notExported!.error!,
      /notExported \(defined at .*cjs-late-main\.cjs:\d+:\d+\)/,
    );
  });

  it('need functionRef() where there is no inspector, but for CommonJS', async function () {
    const allowed = process.allowedNodeEnvironmentFlags;
    const option = allowed.has('--permission') ? '--permission' : '--experimental-permission';
    const options = [option, '--allow-fs-read=*', '--allow-addons', '--no-warnings'];
    const report = await reportOf('esm-main.mjs', { options });
    const { error } = report.cases.square!;
    assert.match(error!, /inspector.*functionRef\(import\.meta\.url, 'square'\)/);
    assert.ok(report.cases.sqrt?.reference);
    const commonJs = await reportOf('cjs-main.cjs', { options });
    assert.equal((await callElsewhere(commonJs)).triple, 9);
  });

  it('say which situation it is', async () => {
    const { cases } = await reportOf('esm-main.mjs');
    const says = (label: string, text: RegExp): void => {
      assert.match(cases[label]?.error ?? `${label} was accepted`, text);
    };
    says('notExported', /esm-main\.mjs:\d+:\d+\).*closure made by local\(\).*\(factor\).*'fork'/);
    says('privateFunction', /privateFunction .*does not export it\. Export the function/);
    says('promisified', /a function of Node made it, as util\.promisify\(\) does/);
    says('notExportedBound', /bound function/);
  });
});
