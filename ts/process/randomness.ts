// Random numbers of processes that are forked: whatever was drawn in advance by the server, all of
// its children would get alike.
import { native } from '../native/binding.js';

interface Crypto {
  randomInt(max: number): number;
  randomUUID(): string;
}

/** xoshiro128**, by Blackman and Vigna (https://prng.di.unimi.it/); public domain. */
const state = new Uint32Array(4);

function next(): number {
  const [a, b, c, d] = state as unknown as [number, number, number, number];
  const x = Math.imul(b, 5);
  const result = Math.imul((x << 7) | (x >>> 25), 9);
  const e = c ^ a;
  const f = d ^ b;
  state[0] = a ^ f;
  state[1] = b ^ e;
  state[2] = e ^ (b << 9);
  state[3] = (f << 11) | (f >>> 21);
  return result >>> 0;
}

/** 53 random bits, as V8's. */
function random(): number {
  return ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) * 2 ** -53;
}

const builtIn = Math.random;
const mostSteps = 2 ** 16;

/**
 * For who kept the built-in function: it cannot be seeded, but a process can begin somewhere else in
 * its sequence.
 */
export function leapBuiltIn(): void {
  const draw = new Uint32Array(1);
  native.randomBytes(draw);
  for (let steps = draw[0]! % mostSteps; steps >= 0; steps -= 1) builtIn();
}

/** Gives this process a sequence of its own. */
export function reseed(): void {
  native.randomBytes(state);
}

/**
 * From now on Math.random can be seeded, which V8's generator can be only once; before any code that
 * may keep a reference to it.
 */
export function replaceRandom(): void {
  reseed();
  Math.random = random;
}

/** How many values node:crypto draws in advance. */
const cachedUuids = 128;
const cachedInts = 1024;

let crypto: Crypto | undefined;
let intsToDrop = cachedInts;

/** In the server: brings node:crypto to where its children draw anew, as far as that can be seen. */
export function alignCaches(): void {
  // Only what has been loaded can have drawn anything; loading it would cost more than all else.
  if (!isLoaded('NativeModule internal/crypto/random')) return;
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- see above: not at the top
  crypto = require('node:crypto') as Crypto;
  if (alignInts(crypto)) intsToDrop = 0;
  dropCaches(); // so that it is compiled
}

/** In a child: forgets what the server had drawn in advance. */
export function dropCaches(): void {
  if (crypto === undefined) return;
  for (let i = 0; i < cachedUuids; i += 1) crypto.randomUUID();
  for (let i = 0; i < intsToDrop; i += 1) crypto.randomInt(2);
}

/** In a child whose parent was not prepared: draws as much as there may be. */
export function dropAllCaches(): void {
  if (!isLoaded('NativeModule internal/crypto/random')) return;
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- as above
  crypto ??= require('node:crypto') as Crypto;
  intsToDrop = cachedInts;
  dropCaches();
}

export function isLoaded(name: string): boolean {
  const { moduleLoadList } = process as unknown as { moduleLoadList?: readonly string[] };
  return moduleLoadList?.includes(name) ?? true;
}

/** Draws until the cache is empty; false when it cannot be seen how much there is. */
function alignInts(crypto: Crypto): boolean {
  const left = drawAndCount(crypto);
  for (let i = 1; left !== undefined && i < left; i += 1) crypto.randomInt(2);
  return left === 0 || drawAndCount(crypto) === 0;
}

/** Draws one; how many are left then. node:crypto reads them out of a Buffer, one after another. */
function drawAndCount(crypto: Crypto): number | undefined {
  let left: number | undefined;
  const prototype = Buffer.prototype as { readUIntBE: (offset: number, bytes: number) => number };
  const { readUIntBE } = prototype;
  prototype.readUIntBE = function (this: Buffer, offset, bytes) {
    left = (this.length - offset) / bytes - 1;
    return readUIntBE.call(this, offset, bytes);
  };
  try {
    crypto.randomInt(2);
  } finally {
    prototype.readUIntBE = readUIntBE;
  }
  return left;
}
