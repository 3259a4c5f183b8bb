// Worker processes of the tour, started with child_process.fork. Their channel carries only the
// handles and the names of jobs; what the tour shows goes through shared memory.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { handleOf, makeKit, type Kit, type KitHandle } from './kit';

/** What a process of the crew does with the kit. Its number, from 0, tells it from the others. */
export type Job = (kit: Kit, number: number) => void | Promise<void>;

/** The first message to a worker. */
export interface Order {
  readonly kit: KitHandle;
  readonly job: string;
  readonly number: number;
}

/** Sent by a worker: it is at the gate; its job is done; whatever the job itself reports. */
export type Notice = 'waiting' | 'done' | 'holding';

const patienceMs = 2_000;

/** Some processes with one kit and one job. They start the job when the gate opens. */
export class Crew implements AsyncDisposable {
  readonly kit: Kit;
  readonly #workers: ChildProcess[];

  private constructor(kit: Kit, workers: ChildProcess[]) {
    this.kit = kit;
    this.#workers = workers;
  }

  /** Starts `size` processes and resolves when all wait at the gate. */
  static async start(job: string, size: number): Promise<Crew> {
    const kit = makeKit();
    const file = join(__dirname, 'worker-main.js');
    const workers = Array.from({ length: size }, () => fork(file));
    const crew = new Crew(kit, workers);
    try {
      const allWait = crew.heard('waiting');
      workers.forEach((worker, number) =>
        worker.send({ kit: handleOf(kit), job, number } satisfies Order),
      );
      await allWait;
    } catch (error) {
      await crew[Symbol.asyncDispose]();
      throw error;
    }
    return crew;
  }

  /** Opens the gate and resolves when all have done their job, with the milliseconds it took. */
  async run(): Promise<number> {
    const allDone = this.heard('done');
    const startMs = performance.now();
    this.kit.gate.release(this.#workers.length);
    await allDone;
    return performance.now() - startMs;
  }

  /** Resolves when every worker has said this; rejects when one ends before. */
  async heard(notice: Notice): Promise<void> {
    await Promise.all(this.#workers.map((worker) => heardFrom(worker, notice)));
  }

  /** Kills them all with SIGKILL, in the middle of whatever they do. */
  kill(): void {
    for (const worker of this.#workers) worker.kill('SIGKILL');
  }

  /** Waits until all have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map(dismiss));
  }
}

function heardFrom(worker: ChildProcess, wanted: Notice): Promise<void> {
  return new Promise((resolve, reject) => {
    const onMessage = (notice: unknown) => {
      if (notice === wanted) settle(resolve);
    };
    const onExit = (code: number | null, signal: string | null) => {
      const how = signal ?? `exit code ${String(code)}`;
      settle(() => {
        reject(new Error(`a worker ended before it was ${wanted}: ${how}`));
      });
    };
    const settle = (act: () => void) => {
      worker.off('message', onMessage).off('exit', onExit);
      act();
    };
    worker.on('message', onMessage).on('exit', onExit);
  });
}

/** Without its channel nothing keeps a worker alive; one that hangs is killed. */
async function dismiss(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const ended = once(worker, 'exit');
  if (worker.connected) worker.disconnect();
  const timer = setTimeout(() => worker.kill('SIGKILL'), patienceMs);
  await ended;
  clearTimeout(timer);
}
