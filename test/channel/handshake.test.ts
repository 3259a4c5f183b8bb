// The handshake: CPython's test vectors, both roles, and what must be refused.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

import { answerTo } from '#internal/channel/handshake';
import * as mp from 'node-multiprocessing';

import { within } from '../helpers/watchdog';

const { answerChallenge, deliverChallenge } = mp.connection;
const key = Buffer.from('k3y');

/** Bytes 0, 1, 2 …, after a prefix. */
const counting = (prefix: string, length: number): Buffer =>
  Buffer.concat([Buffer.from(prefix), Buffer.from(Array.from({ length }, (_, i) => i))]);

const prefixed = (name: string, hex: string): Buffer =>
  Buffer.concat([Buffer.from(`{${name}}`), Buffer.from(hex, 'hex')]);

/** Made with CPython 3.13.0. */
const vectors: [string, Buffer, Buffer][] = [
  ['of 20 bytes', counting('', 20), Buffer.from('eb59e6863c845f272d05415f6daf8319', 'hex')],
  ['md5', counting('{md5}', 40), prefixed('md5', '2ab5a4ecf83716150a002541ac51040f')],
  [
    'sha256',
    counting('{sha256}', 40),
    prefixed('sha256', 'daab014035629df90b1616f001567cdfd502345e79eced4636d539437805ac61'),
  ],
  [
    'sha384',
    counting('{sha384}', 40),
    prefixed(
      'sha384',
      '019919e2e0d287a5d63f84e23911ebfcf43bded0d8b6b506030a9e2916bfd14d1198b977e0a3d3b33e491dca48c39187',
    ),
  ],
  [
    'sha3_256',
    counting('{sha3_256}', 40),
    prefixed('sha3_256', 'bd367166b25a0e054de726a03d406af44b59e7b7029c891579523b64758e9a29'),
  ],
  [
    'sha3_384',
    counting('{sha3_384}', 40),
    prefixed(
      'sha3_384',
      '34143042949e2d224bef8b2457a8b126b8c1aa395863e7c7c65836a923f77b0f3847f0253bf68e08fb44343e34693ea4',
    ),
  ],
];

/** The outcome of both sides. */
async function both(a: Promise<void>, b: Promise<void>): Promise<(Error | undefined)[]> {
  const results = await within('the handshake', Promise.allSettled([a, b]));
  return results.map((result) =>
    result.status === 'rejected' ? (result.reason as Error) : undefined,
  );
}

describe('the handshake', () => {
  let a: mp.Connection;
  let b: mp.Connection;
  beforeEach(() => {
    [a, b] = mp.Pipe();
  });
  afterEach(() => {
    a.close();
    b.close();
  });

  for (const [name, message, answer] of vectors) {
    it(`answers a challenge ${name} as CPython does`, () => {
      assert.deepEqual(answerTo(message, key, true), answer);
    });
  }

  for (const digestName of ['md5', 'sha256', 'sha384', 'sha3_256', 'sha3_384'] as const) {
    it(`lets the same key in with ${digestName}, an empty one too`, async () => {
      for (const authkey of [key, Buffer.alloc(0)]) {
        const results = await both(
          deliverChallenge(a, authkey, { digestName }),
          answerChallenge(b, authkey),
        );
        assert.deepEqual(results, [undefined, undefined]);
      }
    });
  }

  it('refuses another key, and tells both sides', async () => {
    const [delivered, answered] = await both(
      deliverChallenge(a, key),
      answerChallenge(b, Buffer.from('other')),
    );
    assert.ok(delivered instanceof mp.AuthenticationError);
    assert.match(delivered.message, /digest received was wrong/);
    assert.ok(answered instanceof mp.AuthenticationError);
    assert.match(answered.message, /digest sent was rejected/);
  });

  it('challenges anew each time', async () => {
    const seen = new Set<string>();
    for (let i = 0; i < 3; i++) {
      const delivered = deliverChallenge(a, key);
      const challenge = await b.recvBytes();
      assert.equal(challenge.length, 59);
      assert.equal(challenge.subarray(0, 19).toString(), '#CHALLENGE#{sha256}');
      seen.add(challenge.toString('hex'));
      await b.sendBytes(Buffer.from('wrong'));
      await assert.rejects(delivered, mp.AuthenticationError);
      assert.equal((await b.recvBytes()).toString(), '#FAILURE#');
    }
    assert.equal(seen.size, 3);
  });

  it('accepts the bare HMAC-MD5 of CPython up to 3.11, unless that is forbidden', async () => {
    for (const allowMd5 of [true, false]) {
      const delivered = deliverChallenge(a, key, { allowMd5 });
      const message = (await b.recvBytes()).subarray(11);
      await b.sendBytes(createHmac('md5', key).update(message).digest());
      if (allowMd5) await delivered;
      else await assert.rejects(delivered, mp.AuthenticationError);
      assert.equal((await b.recvBytes()).toString(), allowMd5 ? '#WELCOME#' : '#FAILURE#');
    }
  });

  it('refuses answers of a wrong length, an unknown digest, or of no form', async () => {
    const answers = [
      Buffer.alloc(0),
      Buffer.alloc(15),
      Buffer.alloc(200),
      Buffer.from('{sha256}short'),
      Buffer.from(`{sha1}${'x'.repeat(20)}`),
      Buffer.from(`{constructor}${'x'.repeat(20)}`),
      Buffer.from(`{md5}${'x'.repeat(17)}`),
    ];
    for (const answer of answers) {
      const delivered = deliverChallenge(a, key);
      await b.recvBytes();
      await b.sendBytes(answer);
      await assert.rejects(within('the refusal', delivered), mp.AuthenticationError);
      assert.equal((await b.recvBytes()).toString(), '#FAILURE#');
    }
  });

  it('refuses to answer what is no challenge', async () => {
    const challenges = [
      'hello',
      '',
      '#CHALLENGE#short',
      `#CHALLENGE#{sha1}${'x'.repeat(40)}`,
      `#CHALLENGE#${'x'.repeat(40)}`,
      `#challenge#${'x'.repeat(20)}`,
    ];
    for (const challenge of challenges) {
      const answered = answerChallenge(b, key);
      await a.sendBytes(Buffer.from(challenge));
      await assert.rejects(within('the refusal', answered), mp.AuthenticationError);
    }
    const answered = answerChallenge(b, key, { allowMd5: false });
    await a.sendBytes(Buffer.from(`#CHALLENGE#${'x'.repeat(20)}`));
    await assert.rejects(within('the refusal', answered), mp.AuthenticationError);
  });

  it('refuses a message that is longer than any of a handshake', async () => {
    const answered = answerChallenge(b, key);
    await a.sendBytes(Buffer.alloc(257));
    await assert.rejects(within('the refusal', answered), { code: 'ERR_MP_MESSAGE_TOO_LONG' });
  });

  it('is given up by timeout and signal', async () => {
    await assert.rejects(deliverChallenge(a, key, { timeout: 10 }), mp.TimeoutError);
    const reason = new Error('stop');
    await assert.rejects(answerChallenge(a, key, { signal: AbortSignal.abort(reason) }), reason);
  });

  it('takes bytes only as a key', async () => {
    await assert.rejects(deliverChallenge(a, 'key' as never), /authkey should be a byte string/);
    await assert.rejects(answerChallenge(a, undefined as never), TypeError);
    await assert.rejects(deliverChallenge(a, key, { digestName: 'sha1' as never }), TypeError);
  });
});
