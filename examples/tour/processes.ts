// Section 1: functions and a clock in processes of their own, and what they share.
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

import { grouped, type Report, type Section } from './report';

export function area({ width, height }: { width: number; height: number }): number {
  return width * height;
}

/** When this line runs, on a clock that all processes of the machine share. */
export function firstLine(): bigint {
  return process.hrtime.bigint();
}

export function introduce(): string {
  const { name } = mp.currentProcess();
  return `${name}, child of ${mp.parentProcess()?.name ?? 'nobody'}`;
}

export function fail(): never {
  throw new RangeError('on purpose');
}

export function add(counter: mp.Value<'i'>, times: number): void {
  for (let i = 0; i < times; i++) counter.runExclusiveSync(() => (counter.value += 1));
}

export function double(numbers: mp.Array<'d'>, from: number, to: number): void {
  for (let i = from; i < to; i++) numbers[i]! *= 2;
}

/** A subclass: its fields travel, its run() runs in the child. */
export class Clock extends mp.Process<number> {
  constructor(
    readonly intervalMs: number,
    readonly ticks: mp.Value<'i'>,
  ) {
    super({ name: 'the clock' });
  }

  override async run(): Promise<number> {
    for (let i = 0; i < 5; i++) {
      await sleep(this.intervalMs);
      this.ticks.add(1);
    }
    return process.pid;
  }
}

const times = 100_000;
const workers = 4;
const length = 100_000;

async function startMethods(report: Report): Promise<void> {
  for (const method of mp.getAllStartMethods()) {
    const { Process } = mp.getContext(method);
    const timesMs: number[] = [];
    // The first of them also starts the forkserver.
    for (let i = 0; i < 4; i++) {
      const startNs = process.hrtime.bigint();
      const child = new Process({ target: firstLine });
      await child.start();
      timesMs.push(Number((await child.result()) - startNs) / 1e6);
      await child.join();
    }
    const [first, ...others] = timesMs.map((ms) => ms.toFixed(1));
    const text = `${method}: ${others.join(', ')} ms from start() to the first line`;
    report.check(`${text}, ${first!} ms the first time`, Math.min(...timesMs) > 0);
  }
}

async function returnValues(report: Report): Promise<void> {
  const one = new mp.Process({ target: area, args: [{ width: 6, height: 7 }] });
  const two = new mp.Process({ target: introduce, name: 'Ada' });
  const three = new mp.Process({ target: introduce });
  for (const child of [one, two, three]) await child.start();
  const product = await one.result();
  report.check(`area({ width: 6, height: 7 }) in process ${one.pid!}: ${product}`, product === 42);
  const names = [await two.result(), await three.result()];
  const isRight = names[0] === 'Ada, child of MainProcess' && names[1]!.startsWith(three.name);
  report.check(`they have names: "${names.join('", "')}"`, isRight);
  for (const child of [one, two, three]) await child.join();
}

async function remoteError(report: Report): Promise<void> {
  const child = new mp.Process({ target: fail, name: 'the failing one' });
  await child.start();
  const error: unknown = await child.result().catch((reason: unknown) => reason);
  await child.join();
  const isRight = error instanceof RangeError && child.exitCode === 1;
  report.check('what a child throws is thrown here (its stack goes to stderr, above)', isRight);
}

async function clock(report: Report): Promise<void> {
  const ticks = new mp.Value('i', 0);
  const child = new Clock(20, ticks);
  await child.start();
  const pid = await child.result();
  const isRight = ticks.value === 5 && pid === child.pid;
  report.check(`${child.name} has ticked ${ticks.value} times in its own process`, isRight);
  await child.join();
}

async function shareNumbers(report: Report): Promise<void> {
  const startMs = performance.now();
  const counter = new mp.Value('i', 0);
  const numbers = new mp.Array('d', length);
  numbers.fill(1);
  const part = length / workers;
  const children = Array.from({ length: workers }, (_, i) => [
    new mp.Process({ target: add, args: [counter, times] }),
    new mp.Process({ target: double, args: [numbers, i * part, (i + 1) * part] }),
  ]).flat();
  for (const child of children) await child.start();
  for (const child of children) await child.join();
  const tookMs = performance.now() - startMs;
  const sum = counter.value;
  report.check(`a Value, under its lock: ${grouped(sum)}`, sum === workers * times, tookMs);
  const isDouble = numbers.every((x) => x === 2);
  report.check(`an Array of ${grouped(length)} numbers, changed by ${workers} at once`, isDouble);
}

async function closure(report: Report): Promise<void> {
  if (!mp.getAllStartMethods().includes('fork')) return;
  const secret = Math.random();
  const { Process } = mp.getContext('fork');
  const child = new Process({ target: () => [secret, process.pid] as const });
  await child.start();
  const [seen, pid] = await child.result();
  await child.join();
  report.check('a forked child runs a closure', seen === secret && pid === child.pid);
}

export const processes: Section = {
  title: 'Functions in other processes',
  about: 'Process runs an exported function; arguments, results, errors and shared objects travel.',
  async run(report) {
    await startMethods(report);
    await returnValues(report);
    await remoteError(report);
    await clock(report);
    await shareNumbers(report);
    await closure(report);
  },
};
