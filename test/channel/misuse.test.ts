// What users do wrong with queues and connections: each is told by an error that has a code, and
// nothing hangs.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import * as mp from 'node-multiprocessing';

import { turns, within } from '../helpers/watchdog';

const { Client, Listener, answerChallenge, deliverChallenge, wait } = mp.connection;
const key = Buffer.from('key');
const noType = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
const bare: unknown = Object.create(null);

/** Takes the memory away from whoever looks at it. */
const transfer = ({ buffer }: Uint8Array<ArrayBuffer>): void => {
  structuredClone(buffer, { transfer: [buffer] });
};

function nested(levels: number, innermost: unknown): unknown {
  let value = innermost;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

describe('misuse of a queue', () => {
  it('putMany() of a closed queue puts nothing, and says so', async () => {
    const queue = new mp.Queue<number>();
    const other = mp.attach(mp.share(queue));
    queue.close();
    await assert.rejects(queue.putMany([1, 2]), mp.ClosedError);
    assert.throws(() => {
      queue.putManySync([1, 2]);
    }, mp.ClosedError);
    assert.equal(other.qsize(), 0);
  });

  it('putMany() takes options and an iterable', async () => {
    const queue = new mp.Queue<unknown>();
    for (const items of [5, null, undefined, {}, bare]) {
      await assert.rejects(queue.putMany(items as never), noType);
      assert.throws(() => {
        queue.putManySync(items as never);
      }, noType);
    }
    await assert.rejects(queue.putMany([1], 5 as never), noType);
    await assert.rejects(
      queue.putMany([1], { signal: AbortSignal.abort(new Error('over')) }),
      /over/,
    );
    await queue.putMany('ab', { timeout: 10 });
    assert.deepEqual(queue.getManySync(9), ['a', 'b']);
  });

  it('shutdown() and the constructor take options: a positional true does not go unseen', () => {
    const queue = new mp.Queue<number>();
    for (const options of [true, null, 'immediate', { immediate: 1 }]) {
      assert.throws(() => {
        queue.shutdown(options as never);
      }, noType);
      assert.throws(() => {
        new mp.queue.LifoQueue().shutdown(options as never);
      }, noType);
    }
    queue.putSync(1);
    assert.equal(queue.getSync(), 1);
    for (const options of [null, 5, 'x', [], { maxBytes: '1' }, { maxBytes: bare }]) {
      assert.throws(() => new mp.Queue(0, options as never), noType);
    }
    assert.throws(() => new mp.Queue(bare as never), noType);
  });

  it('an item that is nested too deeply is refused at once, with all that is in it', () => {
    const queue = new mp.Queue(1);
    const lock = new mp.Lock();
    for (const value of [nested(20_000, Symbol('x')), nested(20_000, lock)]) {
      assert.throws(
        () => {
          queue.putSync(value);
        },
        (error: Error) => error instanceof mp.NotCloneableError && error.message.length < 200,
      );
    }
    assert.throws(() => {
      queue.putSync(nested(200, Symbol('x')));
    }, mp.NotCloneableError);
    queue.putSync(nested(1_000, 1));
    assert.deepEqual(queue.getSync(), nested(1_000, 1));
  });

  it('what cannot be sent takes no place of maxsize', async () => {
    const queue = new mp.Queue<unknown>(1);
    await assert.rejects(queue.put(Promise.resolve()), mp.NotCloneableError);
    assert.throws(() => queue.tryPut({ a: [Symbol('x')] }), mp.NotCloneableError);
    assert.equal(queue.full(), false);
    assert.equal(queue.tryPut('fits'), true);
    assert.equal(await queue.get(), 'fits');
  });
});

describe('misuse of connections', () => {
  it('what is no buffer, no key and no connection has an error with its kind', async () => {
    const [a, b] = mp.Pipe();
    await assert.rejects(a.sendBytes(bare as never), noType);
    await assert.rejects(a.sendHandle(bare as never), noType);
    await assert.rejects(wait([bare as never]), noType);
    await assert.rejects(Listener({ authkey: bare as never }), noType);
    await assert.rejects(Client(bare as never), noType);
    for (const connection of [null, 5, bare]) {
      await assert.rejects(deliverChallenge(connection as never, key), noType);
      await assert.rejects(answerChallenge(connection as never, key), noType);
    }
    await assert.rejects(deliverChallenge(a, null as never), noType);
    a.close();
    b.close();
  });

  it('options of a listener and a client are checked at the call, not when somebody connects', async () => {
    for (const options of [
      { maxMessageSize: 'x' },
      { maxMessageSize: null },
      { allowMd5: 'no' },
      { allowMd5: null },
    ]) {
      await assert.rejects(Listener(options as never), noType);
      await assert.rejects(Client(['127.0.0.1', 1], options as never), noType);
    }
    await assert.rejects(Listener({ maxMessageSize: -1 }), RangeError);
    await assert.rejects(Client(['127.0.0.1', 1], { maxMessageSize: -1 }), RangeError);
    await assert.rejects(Client(['127.0.0.1', 1], [] as never), noType);
  });

  it('a path with a NUL in it is refused, not cut off', async () => {
    await assert.rejects(Listener({ address: '/tmp/a\0b' }), noType);
    await assert.rejects(Client('/tmp/a\0b'), noType);
  });

  it('a host that nobody knows is an error of the system', async () => {
    const nobody = { code: 'ERR_MP_SYSTEM_CALL', syscall: 'getaddrinfo', message: /no-such-host/ };
    await assert.rejects(
      within('it', Client(['no-such-host.invalid', 1], { timeout: 8_000 })),
      nobody,
    );
    await assert.rejects(within('it', Listener({ address: ['no-such-host.invalid', 0] })), nobody);
  });

  it('the timeout of a client is one for all that it does', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const connected = once(silent, 'connection');
    const { port } = silent.address() as AddressInfo;
    const pending = Client(['127.0.0.1', port], { authkey: key, timeout: 50 });
    await assert.rejects(within('it', pending), {
      code: 'ERR_MP_TIMEOUT',
      message: /within 50 ms/,
    });
    const [socket] = (await connected) as [Socket];
    socket.destroy();
    silent.close();
  });

  for (const via of ['memory', 'socket'] as const) {
    it(`a buffer that was transferred is told from an empty one, via ${via}`, async () => {
      const [a, b] = mp.Pipe({ via });
      const gone = new Uint8Array(8);
      transfer(gone);
      await assert.rejects(a.sendBytes(gone), noType);
      await a.sendBytes(Buffer.of(1, 2, 3));
      await assert.rejects(b.recvBytesInto(gone), noType);
      assert.equal((await b.recvBytes()).length, 3);
      a.close();
      b.close();
    });

    it(`wait() for a connection that is closed meanwhile crashes nothing, via ${via}`, async () => {
      const [a, b] = mp.Pipe({ via });
      const [c, d] = mp.Pipe({ via });
      const pending = wait([b, d], { timeout: 10_000 }).then(
        (found) => {
          assert.deepEqual(found, [d]);
        },
        (error: unknown) => {
          assert.ok(error instanceof mp.MultiprocessingError);
        },
      );
      await turns();
      b.close();
      await turns();
      c.sendSync(1);
      a.close();
      await within('the wait', pending);
      c.close();
      d.close();
    });
  }

  it('a buffer that is transferred while it is sent ends the connection, for the message is not whole', async () => {
    const [a, b] = mp.Pipe({ via: 'socket' });
    const big = new Uint8Array(20_000_000);
    const sent = assert.rejects(within('the send', a.sendBytes(big)), noType);
    const after = assert.rejects(within('the next', a.send('after')), mp.ClosedError);
    transfer(big);
    await assert.rejects(within('the receive', b.recvBytes()), mp.EOFError);
    await sent;
    await after;
    assert.equal(a.closed, true);
    b.close();
  });

  it('bytes that look like the message of a handle are none', async () => {
    for (const bytes of [Buffer.of(0xfd), Buffer.from('\xfd{"office":1}', 'latin1')]) {
      const [a, b] = mp.Pipe();
      await a.sendBytes(bytes);
      await assert.rejects(b.recvHandle(), { code: 'ERR_MP_NO_HANDLE' });
      await a.sendBytes(bytes);
      b.close();
      await assert.rejects(a.sendBytes(bytes), mp.EOFError);
      a.close();
    }
  });
});
