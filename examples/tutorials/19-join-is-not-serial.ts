// Starting all and then joining all takes as long as the slowest: they run at the same time.
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

const sleepsMs = [100, 200, 300];

export async function task(ms: number): Promise<void> {
  await sleep(ms);
}

const makeAll = () => sleepsMs.map((ms) => new mp.Process({ target: task, args: [ms] }));

async function seconds(run: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await run();
  return (performance.now() - startMs) / 1000;
}

async function main(): Promise<void> {
  const oneByOne = await seconds(async () => {
    for (const child of makeAll()) {
      await child.start();
      await child.join();
    }
  });
  const together = await seconds(async () => {
    const children = makeAll();
    for (const child of children) await child.start();
    for (const child of children) await child.join();
  });
  console.log(`同时: ${together.toFixed(1)} 秒, 逐个: ${oneByOne.toFixed(1)} 秒`);
  console.log('串行吗?', together < oneByOne ? '不' : '是');
}

if (mp.isMainProcess()) void main();

// Prints:
// 同时: <number> 秒, 逐个: <number> 秒
// 串行吗? 不
