// What the program sees of the ends of its children, and of its threads.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';

import { runProgram } from '../helpers/program';

const targets = `
exports.echo = async (ping, pong) => {
  await ping.wait();
  pong.set();
  setInterval(() => {}, 1000);
  await new Promise(() => {});
};
exports.say = async (text) => {
  await new Promise((resolve) => setTimeout(resolve, 50));
  console.log(text);
};`;

describe('the end of a program', () => {
  it('beforeExit comes once, when its children have ended', async () => {
    const main = `
      const mp = require('node-multiprocessing');
      const { say } = require('./targets.cjs');
      process.on('beforeExit', (code) => console.log('beforeExit', code));
      process.on('exit', (code) => console.log('exit', code));
      if (mp.isMainProcess()) {
        process.exitCode = 3;
        new mp.Process({ target: say, args: ['child'] }).startSync();
        new mp.Process({ target: say, args: ['child'] }).startSync();
      }`;
    const files = { 'main.cjs': main, 'targets.cjs': targets };
    const { stdout, code } = await runProgram(files, ['main.cjs']);
    const child = ['child', 'beforeExit 0', 'exit 0'];
    const lines = stdout.trim().split('\n');
    assert.deepEqual(lines.slice(-2), ['beforeExit 3', 'exit 3']);
    assert.deepEqual(lines.slice(0, -2).sort(), [...child, ...child].sort());
    assert.equal(code, 3);
  });

  it('beforeExit that brings new work comes again, as without children', async () => {
    const main = `
      const mp = require('node-multiprocessing');
      const { say } = require('./targets.cjs');
      if (mp.isMainProcess()) {
        new mp.Process({ target: say, args: ['child'] }).startSync();
        process.once('beforeExit', () => setTimeout(() => console.log('more'), 1));
        process.on('beforeExit', () => console.log('beforeExit'));
      }`;
    const files = { 'main.cjs': main, 'targets.cjs': targets };
    const { stdout } = await runProgram(files, ['main.cjs']);
    assert.deepEqual(stdout.trim().split('\n'), ['child', 'beforeExit', 'more', 'beforeExit']);
  });

  it('a pool that was left open keeps nobody, and its workers are not replaced', async () => {
    const main = `
      const mp = require('node-multiprocessing');
      const { say } = require('./targets.cjs');
      if (mp.isMainProcess()) (async () => {
        const pool = new mp.Pool(1);
        await pool.apply(say, ['pool']);
        const [worker] = mp.activeChildren();
        new mp.Process({ target: say, args: ['child'] }).startSync();
        const pids = () => mp.activeChildren().filter((child) => child.daemon).map(({ pid }) => pid);
        process.on('beforeExit', () => console.log('beforeExit', pids().filter((pid) => pid !== worker.pid).length));
      })();`;
    const files = { 'main.cjs': main, 'targets.cjs': targets };
    const { stdout, code } = await runProgram(files, ['main.cjs']);
    assert.deepEqual(stdout.trim().split('\n'), ['pool', 'child', 'beforeExit 0']);
    assert.equal(code, 0);
  });
});

describe('the end of a thread', () => {
  it('leaves its daemon children running, until the program ends', async () => {
    const thread = `
      const mp = require('node-multiprocessing');
      const { parentPort, workerData } = require('node:worker_threads');
      const { echo } = require('./targets.cjs');
      if (mp.isMainProcess()) (async () => {
        const child = new mp.Process({ target: echo, args: workerData.map(mp.attach), daemon: true });
        await child.start();
        parentPort.postMessage(child.pid);
      })();`;
    const main = `
      const mp = require('node-multiprocessing');
      const { Worker } = require('node:worker_threads');
      const { once } = require('node:events');
      (async () => {
        const ping = new mp.Event();
        const pong = new mp.Event();
        const worker = new Worker('./thread.cjs', { workerData: [mp.share(ping), mp.share(pong)] });
        const [[pid]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
        ping.set();
        console.log(pid, await pong.wait({ timeout: 5000 }));
      })();`;
    const files = { 'main.cjs': main, 'thread.cjs': thread, 'targets.cjs': targets };
    const { stdout, stderr, code } = await runProgram(files, ['main.cjs']);
    const [pid, answered] = stdout.trim().split(' ');
    assert.deepEqual([answered, stderr, code], ['true', '', 0]);
    assert.equal(existsSync(`/proc/${pid!}/cwd`), false);
  });
});
