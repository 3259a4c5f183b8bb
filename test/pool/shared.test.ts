// Shared objects as arguments of tasks: no copies, and what a worker still has is not made again.
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

import { treeFile } from '#internal/memory/memory';
import { native } from '#internal/native/binding';
import { collectGarbage } from '../helpers/garbage';
import { until, within } from '../helpers/watchdog';
import { forEachKind, upTo } from './pools';
import * as tasks from './tasks';

const usedBytes = (): number => {
  treeFile();
  return native.treeInfo().usedBytes;
};

forEachKind('Pool, shared objects', (pools) => {
  before(() => pools.renew(1));

  const numberOf = (object: object): Promise<number> =>
    within('a task', pools.pool.apply(tasks.numberOf, [object]));

  it('an Array that a worker still has arrives as the same object', async () => {
    const [array, other] = [new mp.RawArray('d', 4), new mp.RawArray('d', 4)];
    const first = await numberOf(array);
    assert.equal(await numberOf(array), first);
    assert.notEqual(await numberOf(other), first);
    assert.equal(await numberOf(array), first);
    assert.equal(await within('a task', pools.pool.apply(tasks.total, [array])), 0);
    array.fill(2);
    assert.equal(await within('a task', pools.pool.apply(tasks.total, [array])), 8);
  });

  it('one that was closed in the worker arrives anew', async () => {
    const array = new mp.RawArray('d', [1, 2, 3]);
    const first = await numberOf(array);
    await within('a task', pools.pool.apply(tasks.closeArray, [array]));
    assert.notEqual(await numberOf(array), first);
    assert.equal(await within('a task', pools.pool.apply(tasks.total, [array])), 6);
  });

  it('an Array with its lock is another object than what it is made of', async () => {
    const array = new mp.Array('d', [1, 2]);
    for (const object of [array, array.getObj(), array]) {
      const isLocked = await within('a task', pools.pool.apply(tasks.isLocked, [object]));
      assert.equal(isLocked, object === array);
    }
    assert.notEqual(await numberOf(array), await numberOf(array.getObj()));
    const relocked = mp.synchronized(array.getObj(), new mp.Lock());
    assert.notEqual(await numberOf(relocked), await numberOf(array));
  });

  it('memory comes back when nobody has an Array any more, however often it was sent', async () => {
    await pools.renew(1);
    await within('a task', pools.pool.apply(tasks.square, [1]));
    await collectGarbage();
    const before = usedBytes();
    const array = new mp.RawArray('d', 100_000);
    await within('all', Promise.all(upTo(50).map(() => pools.pool.apply(tasks.total, [array]))));
    array.close();
    await pools.end();
    native.sweep();
    await until('the memory to come back', () => usedBytes() <= before);
    await pools.renew(1);
  });

  it('a function among the arguments is loaded where it is called', async () => {
    const [fn, counter] = await within(
      'a task',
      pools.pool.apply(tasks.echo, [tasks.square, new mp.Value('i', 5)]),
    );
    assert.equal(fn, tasks.square);
    assert.equal((counter as mp.Value<'i'>).value, 5);
  });
});
