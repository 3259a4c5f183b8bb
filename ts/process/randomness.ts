// Math.random of processes that are forked: V8's generator is seeded once, so all forked children
// would draw the same numbers. Here it is one that can be seeded anew.
import { native } from '../native/binding.js';

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

/** From now on Math.random can be seeded; before any code that may keep a reference to it. */
export function replaceRandom(): void {
  reseed();
  Math.random = random;
}
