// The other party of the tests of values: attaches what it gets, does the job, sends its result.
import { parentPort, workerData } from 'node:worker_threads';

import * as mp from 'node-multiprocessing';

interface Point {
  x: number;
  y: number;
  name: string;
}

const jobs = {
  /** Doubles everything, as CPython's test_sharedctypes does. */
  double(x: mp.Value<'i'>, y: mp.Value<'d'>, z: mp.Value<'q'>, rest: mp.RawArray<'d'>) {
    x.value *= 2;
    y.value *= 2;
    z.value *= 2n;
    for (let i = 0; i < rest.length; i++) rest[i]! *= 2;
  },
  doubleText(text: mp.Array<'c'>) {
    text.value += text.value;
  },
  moveStruct(point: mp.Value & Point, points: Iterable<Point>) {
    point.x *= 2;
    point.name = 'moved';
    for (const one of points) one.y += 1;
  },
  read(...objects: { value: unknown }[]): unknown[] {
    return objects.map((object) => object.value);
  },
  /** The first half becomes what the second half is. */
  overwrite(...objects: { value: unknown }[]) {
    const half = objects.length / 2;
    for (let i = 0; i < half; i++) objects[i]!.value = objects[half + i]!.value;
  },
  /** CPython's test_array: each element becomes the sum of those up to it. */
  prefixSums(array: mp.Array<'i'>) {
    for (let i = 1; i < array.length; i++) array[i]! += array[i - 1]!;
  },
  countAtomically(counter: mp.Value<'i'>, wide: mp.Value<'Q'>) {
    for (let i = 0; i < 20_000; i++) {
      counter.add(1);
      wide.add(1n);
    }
  },
  countLocked(counter: mp.Value<'i'>) {
    for (let i = 0; i < 2_000; i++) counter.runExclusiveSync(() => counter.value++);
  },
  lockState(object: mp.Value): unknown {
    return object.tryAcquire();
  },
  hasLock(object: object): unknown {
    return 'getLock' in object;
  },
  /** A loop that only reads must see what others write. */
  spinUntilSet(flag: mp.Value<'i'>, answer: mp.Value<'i'>) {
    answer.value = 1;
    while (flag.value === 0);
    answer.value = 2;
  },
} as const;

export type JobName = keyof typeof jobs;

interface Message {
  readonly job: JobName;
  readonly handles: readonly mp.SharedHandle[];
}

function run({ job, handles }: Message): unknown {
  const objects = handles.map((handle) => mp.attach(handle));
  return (jobs[job] as (...objects: object[]) => unknown)(...objects) ?? null;
}

if (parentPort !== null) parentPort.postMessage(run(workerData as Message));
else {
  process.once('message', (message: Message) => {
    process.send?.(run(message));
  });
}
