// A thread that another one started, as this one sees it.
import { inspect } from 'node:util';

import { findThread } from './this-thread.js';

/**
 * What every thread can know of another one.
 *
 * @public
 */
export interface ThreadInfo {
  /** Its name. */
  readonly name: string;
  /** Its number in this process, 1 for the main thread; null before the start. */
  readonly ident: number | null;
  /** Its number in the system; null until it runs. */
  readonly nativeId: number | null;
  /** Whether it ends when its program does, instead of keeping it. */
  readonly daemon: boolean;
  /** Whether it runs now. */
  isAlive(): boolean;
}

/** A thread whose Thread object another thread has. */
export class ThreadView implements ThreadInfo {
  readonly ident: number;
  #known: { readonly name: string; readonly nativeId: number; readonly daemon: boolean };

  constructor(ident: number) {
    this.ident = ident;
    this.#known = findThread(ident)!;
  }

  get name(): string {
    return this.#look().name;
  }

  get nativeId(): number {
    return this.#known.nativeId;
  }

  get daemon(): boolean {
    return this.#known.daemon;
  }

  isAlive(): boolean {
    return findThread(this.ident) !== undefined;
  }

  [inspect.custom](): string {
    return `Thread { name: ${inspect(this.name)}, ident: ${String(this.ident)} }`;
  }

  #look() {
    this.#known = findThread(this.ident) ?? this.#known;
    return this.#known;
  }
}
