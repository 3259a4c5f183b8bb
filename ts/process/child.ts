// A process that this thread watches: its end, and what it tells before.
import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';

import { ProcessStateError } from '../errors.js';
import { forkGeneration, onForked } from '../memory/forked.js';
import { native, type ExitStatus, type ForkRequest, type SpawnRequest } from '../native/binding.js';
import type { CheckedWait } from '../sync/options.js';

/** The longest delay that setTimeout takes. */
const maxTimerMs = 2 ** 31 - 1;

/** Those whose end this thread has not seen yet. */
const running = new Map<number, Child>();
let isListening = false;

function listen(): void {
  if (isListening) return;
  native.onChild((number) => running.get(number)?.look());
  // Children of a thread that ends belong to the process, which ends or awaits them at its own end.
  if (isMainThread) postponeEnd();
  isListening = true;
}

const endListeners = new Set<() => void>();

onForked(() => {
  running.clear();
  endListeners.clear();
});

/**
 * Calls `listener` when this thread has nothing left to do but for its children: before its daemons
 * are ended, and before `beforeExit`.
 */
export function beforeDaemonsEnd(listener: () => void): void {
  if (isMainThread) endListeners.add(listener);
  else process.on('beforeExit', listener);
}

type Emit = (event: string | symbol, ...args: unknown[]) => boolean;

/**
 * For the program it is `beforeExit` when its children have ended too. A listener of ours would not
 * do: the others would hear of it twice, for waiting goes on afterwards.
 */
function postponeEnd(): void {
  const emit = process.emit.bind(process) as Emit;
  const emitAtEnd: Emit = (event, ...args) =>
    event === 'beforeExit' && leaveOnlyChildren() ? true : emit(event, ...args);
  process.emit = emitAtEnd as typeof process.emit;
}

/**
 * The program has nothing left to do: its daemons end, the other children are waited for. Whether
 * there are such.
 */
function leaveOnlyChildren(): boolean {
  for (const listener of endListeners) listener();
  const left = [...running.values()].map((child) => child.outlive());
  return left.includes(true);
}

type Kind = 'child' | 'daemon' | 'parent';

/** Seen from the process that watches it. */
export class Child {
  readonly pid: number;
  readonly #number: number;
  readonly #kind: Kind;
  #isAllThatIsLeft = false;
  #holds = 0;
  #status: ExitStatus | undefined;
  #hasStarted = false;
  #result: Uint8Array | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #generation = forkGeneration();

  private constructor(number: number, kind: Kind) {
    listen();
    this.#number = number;
    this.#kind = kind;
    this.pid = native.childPid(number);
    native.childKeepLoop(number, false);
    running.set(number, this);
  }

  static spawn(request: SpawnRequest): Child {
    return new Child(native.spawn(request), request.isDaemon ? 'daemon' : 'child');
  }

  /** Forks it from the forkserver; undefined when that has ended. */
  static fork(request: ForkRequest): Child | undefined {
    const number = native.forkserverFork(request);
    return number === undefined ? undefined : Child.forked(number, request.isDaemon);
  }

  /** A child that was forked, by its number; it is watched from now on. */
  static forked(number: number, isDaemon: boolean): Child {
    return new Child(number, isDaemon ? 'daemon' : 'child');
  }

  static parent(pid: number): Child {
    return new Child(native.watchParent(pid), 'parent');
  }

  /** The thread that watches it has nothing else to do any more. Whether it waits for this one. */
  outlive(): boolean {
    if (this.#kind === 'daemon') this.signal(constants.signals.SIGTERM);
    this.#isAllThatIsLeft = this.#kind === 'child' && this.poll() === undefined;
    this.#hold(0);
    return this.#isAllThatIsLeft;
  }

  /** It is a child of the process that this one was forked from. */
  get isParents(): boolean {
    return this.#generation !== forkGeneration();
  }

  /** How it ended; undefined while it runs. */
  poll(): ExitStatus | undefined {
    if (this.isParents) {
      throw new ProcessStateError(
        `process ${String(this.pid)} is not a child of this process, but of the one that this ` +
          'one was forked from: only that can wait for it, ask how it ended, and end it',
      );
    }
    if (this.#status === undefined && native.childStatus(this.#number) !== undefined) this.look();
    return this.#status;
  }

  /** What it left as its result, once it has. */
  get result(): Uint8Array | undefined {
    return this.isParents ? undefined : this.#result;
  }

  /** Whether what was sent with its start is its own now. */
  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  get sentinel(): number {
    this.poll();
    return native.childSentinel(this.#number);
  }

  signal(number: number): void {
    if (this.poll() === undefined) native.childSignal(this.#number, number);
  }

  /** Calls `listener` at every news, until it is removed with the function that this returns. */
  onNews(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves with true as soon as `isDone`, with false when the time is over. */
  async wait({ timeoutMs, signal }: CheckedWait, isDone: () => boolean): Promise<boolean> {
    signal?.throwIfAborted();
    this.poll();
    if (isDone()) return true;
    if (timeoutMs === 0) return false;
    this.#hold(1);
    try {
      return await this.#wait(timeoutMs, signal, isDone);
    } finally {
      this.#hold(-1);
    }
  }

  #wait(
    timeoutMs: number,
    signal: AbortSignal | undefined,
    isDone: () => boolean,
  ): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const deadlineMs = performance.now() + timeoutMs;
      let timer: NodeJS.Timeout | undefined;
      const settle = (result: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        forget();
        result();
      };
      const abort = (): void => {
        // The reason is the caller's own, whatever it is.
        settle(() => {
          reject(signal?.reason as Error);
        });
      };
      const forget = this.onNews(() => {
        if (isDone())
          settle(() => {
            resolve(true);
          });
      });
      const expire = (): void => {
        // Timers round down, and long waits take several.
        if (performance.now() < deadlineMs) startTimer();
        else
          settle(() => {
            resolve(isDone());
          });
      };
      const startTimer = (): void => {
        const leftMs = Math.max(deadlineMs - performance.now(), 0);
        timer = setTimeout(expire, Math.min(leftMs, maxTimerMs));
      };
      if (timeoutMs !== Infinity) startTimer();
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Blocks until it has ended; false when the time was over before. */
  waitSync(timeoutMs: number): boolean {
    if (this.poll() !== undefined) return true;
    native.childWait(this.#number, timeoutMs);
    return this.poll() !== undefined;
  }

  /** Nobody has an interest in it any more. */
  forget(): void {
    if (this.isParents) return;
    running.delete(this.#number);
    native.childForget(this.#number);
  }

  /** Takes what is new and tells those who listen. */
  look(): void {
    // The end first: whoever has ended tells nothing more. The other way round it could tell its
    // result and end in between, and would seem to have ended without one.
    this.#status ??= native.childStatus(this.#number);
    const news = native.childNews(this.#number);
    this.#hasStarted ||= news.hasStarted;
    if (news.hasResult) this.#result ??= native.childResult(this.#number);
    if (this.#status !== undefined) running.delete(this.#number);
    for (const listener of [...this.#listeners]) listener();
  }

  #hold(change: 1 | 0 | -1): void {
    this.#holds += change;
    if (this.#status === undefined) {
      native.childKeepLoop(this.#number, this.#isAllThatIsLeft || this.#holds > 0);
    }
  }
}
