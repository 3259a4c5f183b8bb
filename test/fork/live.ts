// Live forks for tests.
import assert from 'node:assert/strict';
import { get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as mp from 'node-multiprocessing';

import { within } from '../helpers/watchdog.js';

/** A child that runs a closure, started. */
export async function forked<T>(target: () => T | PromiseLike<T>): Promise<mp.Process<T>> {
  const { Process } = mp.getContext('fork');
  const child = new Process({ target });
  await within('start', child.start());
  return child;
}

/** What the closure gives in a child. */
export async function inChild<T>(target: () => T | PromiseLike<T>): Promise<T> {
  const child = await forked(target);
  const result = await within('result', child.result());
  assert.equal(await within('join', child.join()), true);
  assert.equal(child.exitCode, 0);
  return result;
}

/** What a server answers. */
export function ask(server: Server): Promise<string> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', agent: false }, (answer) => {
      answer.setEncoding('utf8').once('data', resolve).resume();
    }).once('error', reject);
  });
}
