// A worker that is a thread.
import { checkBootstrap } from '../process/start.js';
import { recordOf, runningOf } from '../threads/record.js';
import type { Running } from '../threads/running.js';
import { Thread } from '../threads/thread.js';
import { runWorker } from './run-worker.js';
import type { Worker, WorkerArguments, WorkerEnd, WorkerKind } from './worker.js';

class ThreadWorker implements Worker {
  readonly name: string;
  readonly pid = null;
  readonly #thread: Thread;

  constructor(args: WorkerArguments, name: string) {
    this.name = name;
    this.#thread = new Thread<void, [WorkerArguments]>({
      target: runWorker,
      args: [args],
      name: this.name,
      daemon: true,
    });
  }

  start(): Promise<void> {
    return this.#thread.start();
  }

  onEnd(listener: (end: WorkerEnd) => void): void {
    const running = this.#running();
    running.onEnd(() => {
      const end = { exitCode: running.exitCode, signal: null };
      if (running.result === undefined) {
        listener(end);
        return;
      }
      this.#thread.result().then(
        () => {
          listener(end);
        },
        (error: unknown) => {
          listener({ ...end, error });
        },
      );
    });
  }

  kill(): void {
    this.#running().terminate();
  }

  join(): Promise<unknown> {
    return this.#thread.join();
  }

  #running(): Running {
    return runningOf(recordOf(this.#thread), 'the worker has not started yet');
  }
}

/** Workers that are threads of this process. */
export function threadKind(poolName: string, nameOf: (number: number) => string): WorkerKind {
  return {
    poolName,
    check: () => {
      checkBootstrap('thread');
    },
    make: (args, number) => new ThreadWorker(args, nameOf(number)),
  };
}
