// A worker that is a process.
import { constants } from 'node:os';

import type { StartMethod } from '../process/start-method.js';
import { Process } from '../process/process.js';
import { checkMayStart } from '../process/start.js';
import { childOf, recordOf } from '../process/record.js';
import { exitCodeOf, signalName } from '../process/result.js';
import type { Child } from '../process/child.js';
import { getStartMethod } from '../process/start-methods.js';
import './rehearsal.js';
import { runWorker } from './run-worker.js';
import type { Worker, WorkerArguments, WorkerEnd, WorkerKind } from './worker.js';

const prefixes = { fork: 'Fork', forkserver: 'ForkServer', spawn: 'Spawn' } as const;

class ProcessWorker implements Worker {
  readonly name: string;
  readonly #process: Process;

  constructor(args: WorkerArguments, number: number, method: StartMethod | undefined) {
    this.name = `${prefixes[method ?? getStartMethod()]}PoolWorker-${String(number)}`;
    this.#process = new Process<void, [WorkerArguments]>({
      target: runWorker,
      args: [args],
      name: this.name,
      daemon: true,
      context: method,
    });
  }

  get pid(): number | null {
    return this.#process.pid;
  }

  start(): Promise<void> {
    return this.#process.start();
  }

  onEnd(listener: (end: WorkerEnd) => void): void {
    const child = this.#child();
    const tell = (): void => {
      const status = child.poll();
      if (status === undefined) return;
      forget();
      const end = { exitCode: exitCodeOf(status), signal: signalName(status.signal) };
      if (child.result === undefined) {
        listener(end);
        return;
      }
      this.#process.result().then(
        () => {
          listener(end);
        },
        (error: unknown) => {
          listener({ ...end, error });
        },
      );
    };
    const forget = child.onNews(tell);
    tell();
  }

  kill(isHard: boolean): void {
    const { signals } = constants;
    this.#child().signal(isHard ? signals.SIGKILL : signals.SIGTERM);
  }

  join(): Promise<unknown> {
    return this.#process.join();
  }

  #child(): Child {
    return childOf(recordOf(this.#process), 'the worker has not started yet');
  }
}

/** Workers that are processes, started by that method, or by the default one. */
export function processKind(method: StartMethod | undefined, poolName: string): WorkerKind {
  return {
    poolName,
    check: checkMayStart,
    make: (args, number) => new ProcessWorker(args, number, method),
  };
}
