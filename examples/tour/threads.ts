// Section 6: functions in threads, and a queue that knows what is urgent.
import * as mp from 'node-multiprocessing';

import { grouped, type Report, type Section } from './report';

const count = 20_000;

export function addInThread(total: mp.Value<'i'>, lock: mp.Lock): string {
  for (let i = 0; i < count; i++) lock.runExclusiveSync(() => (total.value += 1));
  return mp.threading.currentThread().name;
}

/** Takes tasks, the most urgent first, until the queue is shut down. */
export async function workOff(tasks: mp.queue.PriorityQueue<[number, string]>): Promise<string[]> {
  const done: string[] = [];
  for await (const [, task] of tasks) {
    done.push(task);
    tasks.taskDone();
  }
  return done;
}

async function countTogether(report: Report): Promise<void> {
  const startMs = performance.now();
  const [total, lock] = [new mp.Value('i', 0), new mp.Lock()];
  const threads = [1, 2].map(
    () => new mp.threading.Thread({ target: addInThread, args: [total, lock] }),
  );
  for (const thread of threads) await thread.start();
  const names = await Promise.all(threads.map((thread) => thread.result()));
  for (const thread of threads) await thread.join();
  const isRight = total.value === 2 * count && names.every((name) => name.endsWith('addInThread)'));
  const text = `"${names.join('" and "')}" counted together to ${grouped(total.value)}`;
  report.check(text, isRight, performance.now() - startMs);
}

async function inOrderOfUrgency(report: Report): Promise<void> {
  const tasks = new mp.queue.PriorityQueue<[number, string]>();
  for (const task of ['3 sweep', '1 put out the fire', '2 answer']) {
    tasks.putSync([Number(task[0]), task.slice(2)]);
  }
  const thread = new mp.threading.Thread({ target: workOff, args: [tasks] });
  await thread.start();
  await tasks.join();
  tasks.shutdown();
  const done = (await thread.result()).join(', ');
  await thread.join();
  report.check(`tasks in order of urgency: ${done}`, done === 'put out the fire, answer, sweep');
}

export const threads: Section = {
  title: 'Threads',
  about: 'threading.Thread is a Process that is a Worker; the same locks and queues work there.',
  async run(report) {
    await countTogether(report);
    await inOrderOfUrgency(report);
  },
};
