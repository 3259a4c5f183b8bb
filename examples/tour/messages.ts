// Section 8: messages between processes: queues, a queue that knows when all is done, a pipe.
import * as mp from 'node-multiprocessing';

import type { Report, Section } from './report';

const producers = 2;
const consumers = 2;
const items = 500;

export interface Parcel {
  readonly from: string;
  readonly number: number;
}

export async function send(queue: mp.Queue<Parcel>): Promise<void> {
  const from = mp.currentProcess().name;
  for (let number = 1; number <= items; number++) await queue.put({ from, number });
}

/** Takes parcels until the queue was shut down and is empty; says what it got from whom. */
export async function receive(queue: mp.Queue<Parcel>): Promise<Map<string, number[]>> {
  const got = new Map<string, number[]>();
  for await (const { from, number } of queue) {
    if (!got.has(from)) got.set(from, []);
    got.get(from)!.push(number);
  }
  return got;
}

export async function work(tasks: mp.JoinableQueue<number>, sum: mp.Value<'i'>): Promise<void> {
  for await (const task of tasks) {
    sum.add(task);
    tasks.taskDone();
  }
}

export async function answer(end: mp.Connection): Promise<void> {
  for (;;) {
    const text = await end.recv().catch((error: unknown) => error);
    if (text instanceof mp.EOFError) return;
    await end.send(String(text).toUpperCase());
  }
}

const isAscending = (numbers: readonly number[]): boolean =>
  numbers.every((number, i) => i === 0 || numbers[i - 1]! < number);

async function manyToMany(report: Report): Promise<void> {
  const queue = new mp.Queue<Parcel>(10);
  const takers = Array.from(
    { length: consumers },
    () => new mp.Process({ target: receive, args: [queue] }),
  );
  const senders = Array.from(
    { length: producers },
    (_, i) => new mp.Process({ target: send, args: [queue], name: `producer ${i + 1}` }),
  );
  for (const process of [...takers, ...senders]) await process.start();
  for (const sender of senders) await sender.join();
  queue.shutdown();
  const got = await Promise.all(takers.map((taker) => taker.result()));
  const lists = got.flatMap((byProducer) => [...byProducer.values()]);
  const count = lists.reduce((sum, list) => sum + list.length, 0);
  report.check(
    `${producers} producers put ${items} parcels each, ${consumers} consumers got ${count}`,
    count === producers * items,
  );
  report.check('those of each producer came in order', lists.every(isAscending));
}

async function allDone(report: Report): Promise<void> {
  const tasks = new mp.JoinableQueue<number>();
  const sum = new mp.Value('i', 0);
  const worker = new mp.Process({ target: work, args: [tasks, sum] });
  await worker.start();
  tasks.putManySync(Array.from({ length: 100 }, (_, i) => i + 1));
  await tasks.join();
  report.check(`JoinableQueue: when join() returns, all is done: ${sum.value}`, sum.value === 5050);
  tasks.shutdown();
  await worker.join();
}

async function aPipe(report: Report): Promise<void> {
  const [mine, theirs] = mp.Pipe();
  const child = new mp.Process({ target: answer, args: [theirs] });
  await child.start();
  theirs.close(); // the child has it now
  await mine.send('hello');
  const reply = await mine.recv();
  report.check(`a pipe: hello, ${String(reply)}`, reply === 'HELLO');
  mine.close();
  await child.join();
  report.check('the child saw the end of the pipe, and ended', child.exitCode === 0);
}

export const messages: Section = {
  title: 'Queues and pipes',
  about: 'Messages lie in shared memory: many put, many get, each is got once; who waits sleeps.',
  async run(report) {
    await manyToMany(report);
    await allDone(report);
    await aPipe(report);
  },
};
