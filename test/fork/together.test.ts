// Regression: children that end at the same moment shared what libuv changes its epoll instances
// with (native/fork/rings.h), and some of them were aborted by it, with exit code -6.
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

import { within } from '../helpers/watchdog.js';
import { waitSyncFor } from './targets.js';

const rounds = Number(process.env.FORK_ROUNDS ?? 20);
const siblings = 12;

describe('forked children that end together', function () {
  this.timeout(20_000 + rounds * 5_000);

  before(function () {
    if (!mp.getAllStartMethods().includes('forkserver')) this.skip();
  });

  it('end well, all of them', async () => {
    const { Process } = mp.getContext('forkserver');
    for (let round = 0; round < rounds; round++) {
      const go = new mp.Event();
      const children = Array.from(
        { length: siblings },
        () => new Process({ target: waitSyncFor, args: [go] }),
      );
      await Promise.all(children.map((child) => child.start()));
      go.set();
      await Promise.all(children.map((child) => within('its end', child.join())));
      assert.deepEqual(
        children.map((child) => child.exitCode),
        children.map(() => 0),
      );
    }
  });
});
