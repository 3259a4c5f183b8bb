// Binary data of queues without memory of its own: into a buffer of the caller, or where it lies.
import assert from 'node:assert/strict';
import * as mp from 'node-multiprocessing';

import { within } from '../helpers/watchdog';

const code = (name: string) => ({ code: name });

describe('binary data of a queue', () => {
  it('copies binary data into a buffer of the caller, all forms', async () => {
    const queue = new mp.Queue();
    const target = Buffer.alloc(8, '.');
    queue.putManySync([Buffer.from('abc'), new Float64Array([1]), Buffer.from('later')]);
    assert.equal(queue.getIntoSync(target.subarray(2)), 3);
    assert.equal(target.toString(), '..abc...');
    const doubles = new Float64Array(1);
    assert.equal(await queue.getInto(doubles), 8);
    assert.equal(doubles[0], 1);
    assert.equal(queue.getIntoSync(new ArrayBuffer(5)), 5);
    const waiting = queue.getInto(target);
    queue.putSync(new ArrayBuffer(0));
    assert.equal(await within('getInto', waiting), 0);
    const refused = assert.rejects(queue.getInto(target), code('ERR_MP_NOT_BINARY'));
    queue.putSync('text');
    await within('the refusal', refused);
    assert.equal(queue.getSync(), 'text');
    await assert.rejects(queue.getInto(target, { timeout: 5 }), mp.QueueEmptyError);
    assert.throws(() => queue.getIntoSync(target, { timeout: 0 }), mp.QueueEmptyError);
    assert.throws(() => queue.getIntoSync(5 as never), TypeError);
  });

  it('shows the data of the next item where it lies, until it is released', async () => {
    const queue = new mp.Queue();
    queue.putManySync([Buffer.from('abc'), 'text', Buffer.alloc(0), Buffer.from('last')]);
    const view = queue.getViewSync();
    assert.equal(view.bytes.toString(), 'abc');
    assert.equal(queue.qsize(), 4);
    assert.throws(() => queue.getSync(), code('ERR_MP_DEADLOCK'));
    assert.throws(() => queue.tryGet(), mp.QueueEmptyError);
    const waiting = queue.get();
    view.release();
    view.release();
    assert.equal(view.bytes.length, 0);
    assert.equal(await within('who waited meanwhile', waiting), 'text');
    const empty = queue.getViewSync();
    assert.equal(empty.bytes.length, 0);
    empty.release();
    const last = await queue.getView();
    assert.equal(last.bytes.toString(), 'last');
    last[Symbol.dispose]();
    assert.equal(queue.qsize(), 0);
    queue.putSync('text');
    assert.throws(() => queue.getViewSync(), code('ERR_MP_NOT_BINARY'));
    assert.equal(queue.getSync(), 'text');
    assert.throws(() => queue.getViewSync({ timeout: 0 }), mp.QueueEmptyError);
  });

  it('leaves an item that is no data where it is, and gives one that is too long', async () => {
    const queue = new mp.Queue();
    const target = Buffer.alloc(2, '.');
    queue.putManySync(['text', Buffer.from('abc'), Buffer.from('xyz')]);
    assert.throws(() => queue.getIntoSync(target), code('ERR_MP_NOT_BINARY'));
    await assert.rejects(queue.getInto(target), code('ERR_MP_NOT_BINARY'));
    assert.equal(queue.getSync(), 'text');
    const isWhole = (bytes: string) => (error: unknown) =>
      error instanceof mp.BufferTooShortError && Buffer.from(error.bytes).toString() === bytes;
    assert.throws(() => queue.getIntoSync(target), isWhole('abc'));
    await assert.rejects(queue.getInto(target), isWhole('xyz'));
    assert.equal(target.toString(), '..');
    queue.shutdown();
    assert.throws(() => queue.getIntoSync(target), mp.QueueShutDownError);
    queue.close();
    assert.throws(() => queue.getIntoSync(target), mp.ClosedError);
  });
});
