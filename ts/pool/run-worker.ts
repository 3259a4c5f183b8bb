// What a worker runs: it takes tasks from its ring, one after the other, and puts their outcomes into
// the other. Between tasks its event loop is free, and goes on with what the tasks have left on it.
import { ringOf } from '../channel/queue.js';
import { Await } from '../channel/line.js';
import { Head, Refused, type Ring } from '../channel/ring.js';
import { native, ObjectKind } from '../native/binding.js';
import { unwatch, watch } from '../sync/tickets.js';
import { clockMs, resetClock } from './clock.js';
import { Outcomes } from './outcomes.js';
import { TaskRunner } from './run-task.js';
import { SharedState } from './shared-state.js';
import type { TaskFunction } from './protocol.js';
import type { WorkerArguments } from './worker.js';

/** Tasks are run for so long until timers and others of the event loop get a turn. */
const turnMs = 2;
/** How often the pool is told how much memory this process has. */
const memoryIntervalMs = 100;
/** How long a worker that must not begin waits until it asks again whether it may. */
const holdMs = 1;

/** Serves a pool until that has no more tasks; then the process, or the thread, ends. */
export async function runWorker(args: WorkerArguments): Promise<void> {
  // Ctrl-C is for the pool's process to answer; without it, the workers end as well.
  process.on('SIGINT', () => undefined);
  resetClock();
  await (args.initializer as TaskFunction | undefined)?.(...args.initargs);
  await serve(args);
  // What the tasks have left on the event loop is not waited for.
  setImmediate(() => process.exit());
}

/** Runs tasks until there will be no more. */
export function serve(args: WorkerArguments): Promise<void> {
  return new WorkerLoop(args).run();
}

class WorkerLoop {
  readonly #tasks: Ring;
  readonly #state: SharedState;
  readonly #outcomes: Outcomes;
  readonly #runner: TaskRunner;
  readonly #spinMs: number;
  readonly #head = new Head();
  #ticket = 0;
  #isTurning = false;
  #isHeld = false;
  #nextMemoryMs = 0;
  #finish!: () => void;

  constructor({ tasks, results, state, spinMs }: WorkerArguments) {
    this.#tasks = ringOf(tasks);
    this.#state = new SharedState(state);
    this.#spinMs = spinMs;
    this.#outcomes = new Outcomes(ringOf(results), this.#state);
    this.#runner = new TaskRunner(this.#outcomes, this.#state);
  }

  /** Resolves when there will be no more tasks. */
  run(): Promise<void> {
    return new Promise((resolve) => {
      this.#finish = resolve;
      this.#tellMemory();
      this.#outcomes.ready();
      this.#turn();
    });
  }

  /** Runs tasks until there is none, or one that takes its time, or the event loop needs a turn. */
  #turn(): void {
    if (this.#isTurning) return;
    this.#isTurning = true;
    const untilMs = clockMs() + turnMs;
    for (;;) {
      const value = this.#tasks.get(0, this.#head, this.#admit);
      if (value === Refused.shutDown) {
        this.#unwatch();
        this.#finish();
        return;
      }
      if (value === Refused.busy) {
        if (this.#isHeld) {
          this.#turnLater();
          return;
        }
        if (this.#spinMs > 0 && this.#spin()) continue;
        if (!this.#sleeps()) continue;
        this.#isTurning = false;
        return;
      }
      const pending = this.#runner.take(this.#head, value);
      if (pending !== undefined) {
        this.#awaitTask(pending);
        return;
      }
      if (clockMs() > untilMs) {
        this.#turnAgain();
        return;
      }
    }
  }

  /** A task begins while its message is in the ring: what has not begun, the pool can take back. */
  readonly #admit = ({ id }: Head): boolean => {
    this.#isHeld = id !== 0 && !this.#state.begin(id, clockMs());
    return !this.#isHeld;
  };

  /** The pool holds this worker: to end it, or for the moment in which it finds that it need not. */
  #turnLater(): void {
    setTimeout(() => {
      this.#isHeld = this.#isTurning = false;
      this.#turn();
    }, holdMs);
  }

  /** A task that waits for nothing must not be kept alive by this worker's wait for others. */
  #awaitTask(pending: Promise<void>): void {
    this.#unwatch();
    void pending.then(() => {
      this.#turnAgain();
    });
  }

  #turnAgain(): void {
    this.#tellMemory();
    setImmediate(() => {
      this.#isTurning = false;
      this.#turn();
    });
  }

  #spin(): boolean {
    const untilMs = performance.now() + this.#spinMs;
    do {
      if (this.#tasks.hasMessage()) return true;
    } while (performance.now() < untilMs);
    return false;
  }

  /** False when there is a message after all. */
  #sleeps(): boolean {
    if (clockMs() > this.#nextMemoryMs) this.#tellMemory();
    if (this.#ticket !== 0) return native.rearm(this.#ticket);
    const { address } = this.#tasks;
    const watched = { address, kind: ObjectKind.queue, detail: Await.record };
    const { ticket, tryNow } = watch(watched, {
      onReady: () => {
        this.#turn();
      },
      forget: () => {
        this.#ticket = 0;
      },
    });
    this.#ticket = ticket;
    return !tryNow;
  }

  #unwatch(): void {
    if (this.#ticket === 0) return;
    unwatch(this.#ticket, true);
    this.#ticket = 0;
  }

  #tellMemory(): void {
    const now = clockMs();
    if (now < this.#nextMemoryMs) return;
    this.#nextMemoryMs = now + memoryIntervalMs;
    this.#state.memoryBytes = process.memoryUsage.rss();
  }
}
