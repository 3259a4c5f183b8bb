// Views of what is next in a queue or connection, whose holders are killed: they had not taken it.
import assert from 'node:assert/strict';
import { native } from '#internal/native/binding';
import * as mp from 'node-multiprocessing';

import { within } from '../helpers/watchdog';
import { look } from './views-targets';

const limit = { timeout: 10_000 };

interface Way {
  readonly name: string;
  readonly open: () => {
    /** Where a holder gets what is next, and how the others do. */
    readonly source: mp.Queue | mp.Connection;
    readonly get: () => Promise<unknown>;
    readonly getSync: () => unknown;
    readonly put: (bytes: Buffer) => void;
    readonly close: () => void;
  };
}

const ways: readonly Way[] = [
  {
    name: 'queue',
    open() {
      const queue = new mp.Queue<Buffer>();
      return {
        source: queue,
        get: () => queue.get(limit),
        getSync: () => queue.getSync(limit),
        put: (bytes) => {
          queue.putSync(bytes);
        },
        close: () => {
          queue.close();
        },
      };
    },
  },
  {
    name: 'connection',
    open() {
      const [kept, writer] = mp.Pipe({ duplex: false });
      return {
        source: kept.dup(),
        get: () => kept.recvBytes(limit),
        getSync: () => kept.recvBytesSync(limit),
        put: (bytes) => {
          writer.sendBytesSync(bytes);
        },
        close: () => {
          kept.close();
          writer.close();
        },
      };
    },
  },
];

for (const { name, open } of ways) {
  describe(`a view of a ${name}, whose holder is killed`, () => {
    for (const method of mp.getAllStartMethods()) {
      for (const awaits of [false, true]) {
        it(`${method}, ${awaits ? 'awaited' : 'blocking'}: the next one who asks gets it, whole`, async function () {
          if (method === 'fork' && native.forkLiveGate() !== '') this.skip();
          const { source, get, getSync, put, close } = open();
          put(Buffer.from('first'));
          put(Buffer.from('second'));
          const isLooking = new mp.Event();
          const { Process } = mp.getContext(method);
          const holder = new Process({ target: look, args: [source, awaits, isLooking] });
          await holder.start();
          assert.equal(await isLooking.wait(limit), true);
          // One that waits already, and one that comes later.
          const waiting = awaits ? get() : undefined;
          holder.kill();
          const first = await within('the first', waiting ?? Promise.resolve().then(getSync));
          assert.equal(String(first), 'first');
          assert.equal(String(await within('the second', get())), 'second');
          await within('the join', holder.join());
          close();
        });
      }
    }

    it('a thread that is terminated has not taken it either', async () => {
      const { source, get, put, close } = open();
      put(Buffer.from('first'));
      const isLooking = new mp.Event();
      const holder = new mp.threading.Thread({ target: look, args: [source, true, isLooking] });
      await holder.start();
      assert.equal(await isLooking.wait(limit), true);
      const waiting = get();
      holder.terminate();
      assert.equal(String(await within('the first', waiting)), 'first');
      await within('the end', holder.join());
      close();
    });
  });
}
