/** What streams carry; the case learns from the environment which. The same is in peers/peer.py. */

export const payloadNames = ['number', 'text', 'object', '1KB', '64KB', '1MB'] as const;
export type PayloadName = (typeof payloadNames)[number];

const bytesOf: Partial<Record<PayloadName, number>> = {
  '1KB': 2 ** 10,
  '64KB': 2 ** 16,
  '1MB': 2 ** 20,
};

export const payloadVariable = 'BENCH_PAYLOAD';

/** The message with the number `i`. */
export type Make = (i: number) => unknown;

export interface Payload {
  readonly make: Make;
  /** 0: not worth to be counted. */
  readonly bytes: number;
  /** A first guess how many make a round. */
  readonly count: number;
}

export function chosenPayload(): Payload {
  const name = (process.env[payloadVariable] ?? 'number') as PayloadName;
  const bytes = bytesOf[name] ?? 0;
  if (bytes > 0) {
    const buffer = Buffer.alloc(bytes, 'x');
    return { make: () => buffer, bytes, count: bytes > 2 ** 12 ? 20 : 500 };
  }
  return { make: makers[name] ?? fail(name), bytes, count: 1000 };
}

const makers: Partial<Record<PayloadName, Make>> = {
  number: (i) => i,
  text: () => 'sixteen letters.',
  object: (i) => ({ id: i, name: 'abc', ok: true }),
};

function fail(name: string): never {
  throw new RangeError(`no payload is called ${name}`);
}
