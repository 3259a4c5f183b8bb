// Processes of a start method that do one thing for a test and end.
import assert from 'node:assert/strict';
import * as mp from 'node-multiprocessing';

import { within } from './watchdog.js';

const endLimitMs = 30_000;

export interface Children {
  readonly start: <A extends readonly unknown[], T>(
    target: (...args: A) => T | PromiseLike<T>,
    ...args: A
  ) => Promise<mp.Process<T, A>>;
  /** What it returned, when it has ended as a process that did all it had to. */
  readonly end: <T>(child: mp.Process<T>) => Promise<T>;
}

export function childrenBy(method: mp.StartMethod): Children {
  const { Process } = mp.getContext(method);
  return {
    start: async (target, ...args) => {
      const child = new Process({ target, args });
      await child.start();
      return child;
    },
    end: async (child) => {
      const result = await within('the result', child.result(), endLimitMs);
      await within('the end', child.join(), endLimitMs);
      assert.equal(child.exitCode, 0);
      return result;
    },
  };
}
