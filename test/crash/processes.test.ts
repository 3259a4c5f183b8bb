// Many processes, and parents that are killed at any moment: nothing is lost, nothing is left.
// MP_PROCESSES, MP_PARENT_KILLS and MP_VALUES set the numbers (npm run soak).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { native } from '#internal/native/binding';
import * as mp from 'node-multiprocessing';

import { collectGarbage } from '../helpers/garbage';
import { randomFrom } from '../helpers/random';
import { until, within } from '../helpers/watchdog';
import * as targets from './process-targets';

const processes = Number(process.env.MP_PROCESSES ?? 40);
const parentKills = Number(process.env.MP_PARENT_KILLS ?? 6);
const values = Number(process.env.MP_VALUES ?? 2_000);

const descriptors = (): number => readdirSync('/proc/self/fd').length;
const usedBytes = (): number => native.treeInfo().usedBytes;

function pidsWith(marker: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(marker);
      } catch {
        return false; // it has ended, or is another user's
      }
    })
    .map(Number);
}

/** Collects and sweeps until no more of the tree's memory is used than before. */
async function memoryBack(before: number): Promise<void> {
  const deadline = performance.now() + 20_000;
  do {
    await collectGarbage();
    native.sweep();
  } while (usedBytes() > before && performance.now() < deadline);
  assert.ok(usedBytes() <= before, `${String(usedBytes() - before)} bytes did not come back`);
}

describe('many processes', () => {
  it(`${String(processes)} are started and ended in batches; no descriptor, slot or memory is left`, async function () {
    this.timeout(60_000 + processes * 1_000);
    await runBatch(4);
    const before = { descriptors: descriptors(), used: usedBytes() };
    for (let done = 0; done < processes; done += 8) await runBatch(Math.min(8, processes - done));
    await until('the descriptors to be closed', () => descriptors() <= before.descriptors);
    await memoryBack(before.used);
    assert.equal(mp.activeChildren().length, 0);
  });

  async function runBatch(size: number): Promise<void> {
    const lock = new mp.Lock();
    const counter = new mp.Value('i', 0);
    const batch = Array.from(
      { length: size },
      (...[, i]) => new mp.Process({ target: targets.count, args: [lock, counter, i] }),
    );
    await Promise.all(batch.map((child) => child.start()));
    const results = batch.map((child) => within('a result', child.result(), 30_000));
    assert.deepEqual(await Promise.all(results), [...batch.keys()]);
    await Promise.all(batch.map((child) => within('an end', child.join(), 30_000)));
    assert.equal(counter.value, size * 10);
    for (const child of batch) assert.equal(child.exitCode, 0);
  }
});

describe('a parent that is killed', () => {
  it(`${String(parentKills)} times while it starts children: children and memory are gone within 2 s`, async function () {
    this.timeout(20_000 + parentKills * 5_000);
    const random = randomFrom(Date.now());
    for (let round = 0; round < parentKills; round++) {
      const marker = `MP_PARENT_KILL=${String(process.pid)}-${String(round)}`;
      const [name, value] = marker.split('=') as [string, string];
      const parent = spawn(process.execPath, [join(__dirname, 'starter-main.js')], {
        env: { ...process.env, [name]: value },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      await sleep(random() * 400);
      parent.kill('SIGKILL');
      await once(parent, 'exit');
      // The memory has no name: it goes with the last of them.
      // Two seconds on an idle machine; a busy one takes as long to start what is being started.
      await until('the children to end', () => pidsWith(marker).length === 0, 10_000);
    }
  });
});

describe('the lifetime of shared objects', () => {
  it(`${String(values)} Values and 1/100 as many Arrays, sent to a child and dropped: the memory comes back`, async function () {
    this.timeout(120_000);
    const before = usedBytes();
    await sendMany(Math.ceil(values / 10));
    await sendMany(values);
    await memoryBack(before);
  });

  async function sendMany(count: number): Promise<void> {
    const numbers = Array.from(
      { length: count },
      (...[, i]) => new mp.Value('i', i, { lock: false }),
    );
    const arrays = Array.from(
      { length: count / 100 },
      () => new mp.Array('d', 100, { lock: false }),
    );
    const child = new mp.Process({ target: targets.sum, args: [numbers, arrays] });
    await child.start();
    assert.equal(await within('the sum', child.result(), 60_000), (count * (count - 1)) / 2);
    await within('the end', child.join());
    assert.ok(arrays.every((array) => array[0] === 1));
  }

  it('a subarray in another process stays valid when everybody else has dropped the array', async () => {
    const ready = new mp.Semaphore(0);
    const go = new mp.Semaphore(0);
    const child = new mp.Process({ target: targets.keepSubarray, args: [makeArray(), ready, go] });
    await child.start();
    await within('the child', ready.acquire());
    for (let i = 0; i < 3; i++) {
      await collectGarbage();
      native.sweep();
    }
    // If the block were free, these would be in its place.
    const others = Array.from({ length: 200 }, () => new mp.Array('i', 16).fill(-1));
    go.release();
    assert.deepEqual(await within('what it sees', child.result()), [3, 4, 5]);
    assert.equal(others.length, 200);
    await child.join();
  });

  const makeArray = (): mp.Array<'i'> => new mp.Array('i', [1, 2, 3, 4, 5]);
});
