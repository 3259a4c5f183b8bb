// A subclass of Process. Nobody joins it: the program waits for it at its end.
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

export class ClockProcess extends mp.Process {
  constructor(readonly intervalMs: number) {
    super();
  }

  override async run(): Promise<void> {
    for (let i = 0; i < 5; i++) {
      console.log(`当前时间: ${new Date().toISOString()}`);
      await sleep(this.intervalMs);
    }
  }
}

if (mp.isMainProcess()) void new ClockProcess(30).start();

// Prints:
// 当前时间: <time>
// 当前时间: <time>
// 当前时间: <time>
// 当前时间: <time>
// 当前时间: <time>
