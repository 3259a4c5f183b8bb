// Errors that cross from a child to its parent.
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

import { within } from '../helpers/watchdog';
import { itSends } from './running';
import * as targets from './targets';

async function errorOf(target: (...args: never[]) => unknown, ...args: unknown[]): Promise<Error> {
  const process = new mp.Process({ target, args: args as never[] });
  await process.start();
  const result = within('the error', process.result());
  const error = await result.then(
    () => assert.fail('the target should have thrown'),
    (reason: unknown) => reason as Error,
  );
  await process.join();
  return error;
}

describe('errors of a child', () => {
  it('come back as their class, with message, stack, cause and own properties', async () => {
    const error = (await errorOf(targets.fail, 'too far')) as RangeError & { extra: number[] };
    assert.ok(error instanceof RangeError);
    assert.equal(error.message, 'too far');
    assert.match(String(error.stack), /targets/);
    assert.deepEqual(error.extra, [1]);
    assert.equal((error.cause as Error).message, 'the cause');
  });

  it('of an async target reject result() too', async () => {
    assert.equal((await errorOf(targets.failLater, 'later')).message, 'later');
  });

  it('of a class that a module exports come back as that class', async () => {
    const error = await errorOf(targets.failKnown);
    assert.ok(error instanceof targets.KnownError);
    assert.equal(error.level, 3);
    assert.equal(error.message, 'level 3');
  });

  it('of a class that is not known here are RemoteErrors with its name', async () => {
    const error = await errorOf(targets.failUnknown);
    assert.ok(error instanceof mp.RemoteError);
    assert.equal(error.name, 'UnknownError');
    assert.equal(error.message, 'not known elsewhere');
    assert.equal(error.code, 'ERR_MP_REMOTE');
    assert.equal((error as unknown as { hint: string }).hint, 'nobody registers this');
  });

  it('that nobody catches there are told too', async () => {
    assert.equal((await errorOf(targets.failFromTimer)).message, 'from a timer');
  });

  it('a return value that cannot be sent rejects result() only', async () => {
    const process = new mp.Process({ target: targets.unsendable });
    await process.start();
    await assert.rejects(within('the error', process.result()), (error: mp.NotCloneableError) => {
      assert.ok(error instanceof mp.NotCloneableError);
      assert.match(error.message, /return value.*Promise/);
      return true;
    });
    await process.join();
    assert.equal(process.exitCode, 0);
  });

  itSends('arguments that cannot be sent are refused at start(), saying where', async () => {
    const process = new mp.Process({
      target: targets.echo,
      args: [{ list: [1, { deep: Promise.resolve() }] }],
    });
    await assert.rejects(process.start(), {
      code: 'ERR_MP_NOT_CLONEABLE',
      message: /args\[0\]\.list\[1\]\.deep cannot be sent/,
    });
    assert.equal(process.pid, null);
  });

  itSends('a closure is refused at start(), saying what to do', async () => {
    const local = 5;
    const process = new mp.Process({ target: () => local });
    await assert.rejects(process.start(), {
      code: 'ERR_MP_NOT_IMPORTABLE',
      message: /export/,
    });
  });
});
