// Two ways to start a process: a target, or a subclass with run().
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

export async function piao(name: string): Promise<void> {
  console.log(`${name} is piaoing`);
  await sleep(50);
  console.log(`${name} is gone`);
}

export class Piao extends mp.Process {
  constructor(readonly who: string) {
    super();
  }

  override run(): Promise<void> {
    return piao(this.who);
  }
}

async function main(): Promise<void> {
  const byTarget = new mp.Process({ target: piao, args: ['egon'] });
  const byClass = new Piao('alex');
  await byTarget.start();
  await byClass.start();
  console.log('主进程');
}

if (mp.isMainProcess()) void main();

// Prints, in any order:
// 主进程
// egon is piaoing
// egon is gone
// alex is piaoing
// alex is gone
