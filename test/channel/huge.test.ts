// Messages that are much larger than a ring is. MP_HUGE_BYTES: how large, 100 MB by default.
import assert from 'node:assert/strict';
import * as mp from 'node-multiprocessing';

import { native } from '#internal/native/binding';

const bytes = Number(process.env.MP_HUGE_BYTES ?? 1e8);
/** What a ring may keep of what it has grown to. */
const keptBytes = 2 ** 20;

interface Way {
  readonly put: (message: Buffer | number) => void;
  readonly get: () => unknown;
}

const ways: Record<string, () => Way> = {
  queue() {
    const queue = new mp.Queue(0, { maxBytes: 2 ** 30 });
    return {
      put: (message) => {
        queue.putSync(message);
      },
      get: () => queue.getSync(),
    };
  },
  pipe() {
    const [reader, writer] = mp.Pipe({ duplex: false });
    return {
      put: (message) => {
        writer.sendSync(message);
      },
      get: () => reader.recvSync(),
    };
  },
};

describe(`a message of ${String(bytes / 1e6)} MB`, () => {
  for (const [name, make] of Object.entries(ways)) {
    it(`goes through a ${name} whole, and the next one gives its memory back`, () => {
      const { put, get } = make();
      const before = native.treeInfo().usedBytes;
      const huge = Buffer.alloc(bytes, 'x');
      huge.write('first');
      huge.write('last', bytes - 4);
      put(huge);
      assert.ok(native.treeInfo().usedBytes >= before + bytes);
      assert.ok(huge.equals(get() as Buffer));
      put(1);
      assert.equal(get(), 1);
      assert.ok(native.treeInfo().usedBytes <= before + keptBytes);
    });
  }

  it('is an error of who puts it where it is larger than the queue may be', () => {
    const queue = new mp.Queue(0, { maxBytes: 2 ** 20 });
    assert.throws(
      () => {
        queue.putSync(Buffer.alloc(2 ** 20));
      },
      { code: 'ERR_MP_MESSAGE_TOO_LARGE' },
    );
    assert.equal(queue.qsize(), 0);
  });
});
