// What the threads of these tests run.
import { threadId } from 'node:worker_threads';

import * as mp from 'node-multiprocessing';

import { UnknownHere } from './unknown-error';

const { threading } = mp;

export const square = (x: number): number => x * x;
export const echo = (...args: unknown[]): unknown[] => args;
export const throws = (): never => {
  throw new RangeError('too far', { cause: new TypeError('inner') });
};
export const rejects = async (): Promise<never> => Promise.reject(new TypeError('too late'));
export const throwsUnknown = (): never => {
  throw new UnknownHere('never seen');
};
export const throwsFromTimer = async (): Promise<never> => {
  setTimeout(() => {
    throw new TypeError('from a timer');
  });
  return new Promise(() => undefined);
};
export const returnsPromiseIn = (): unknown => [Promise.resolve()];
export const exit = (code: number): void => process.exit(code);
export const neverSettles = async (): Promise<never> => new Promise(() => undefined);
export const apply = (fn: (x: number) => unknown, x: number): unknown => fn(x);

export const whoAmI = () => {
  const current = threading.currentThread();
  return {
    name: current.name,
    ident: current.ident,
    nativeId: current.nativeId,
    daemon: current.daemon,
    alive: current.isAlive(),
    same: [threading.getIdent(), threading.getNativeId()],
    workers: threadId,
    main: [threading.mainThread().name, threading.mainThread().ident],
    pid: process.pid,
    process: mp.currentProcess().name,
    isMain: mp.isMainProcess(),
    authkey: mp.currentProcess().authkey,
  };
};

/** Holds the lock until it is terminated, once it has said so; its event loop is free or not. */
export const hold = async (lock: mp.Lock, running: mp.Semaphore, blocks: boolean) => {
  lock.acquireSync();
  running.release();
  if (blocks) for (;;);
  setInterval(() => undefined, 1000);
  await new Promise(() => undefined);
};

export const waitForEver = async (running: mp.Semaphore) => {
  running.release();
  setInterval(() => undefined, 1000);
  await new Promise(() => undefined);
};

/** Blocks at the lock. */
export const block = (lock: mp.Lock, running: mp.Semaphore): boolean => {
  running.release();
  return lock.acquireSync();
};

/** Runs until the event is set, and tells who is seen then. */
export const look = async (running: mp.Semaphore, go: mp.Event) => {
  running.release();
  await go.wait();
  return {
    names: threading.enumerate().map(({ name }) => name),
    count: threading.activeCount(),
    main: threading.mainThread().isAlive(),
  };
};

export const rename = async (running: mp.Semaphore, go: mp.Event) => {
  threading.currentThread().name = 'renamed';
  running.release();
  await go.wait();
};

/** Starts a thread of its own; gives that one's result. */
export const nested = async (depth: number): Promise<unknown> => {
  if (depth === 0) return threading.currentThread().daemon;
  const thread = new threading.Thread({ target: nested, args: [depth - 1] });
  await thread.start();
  return thread.result();
};

/** Lets a process compute the square. */
export const squareInProcess = async (method: mp.StartMethod, x: number): Promise<number> => {
  const child = new (mp.getContext(method).Process)({ target: square, args: [x] });
  await child.start();
  return child.result();
};

/** Lets a thread compute the square. */
export const squareInThread = async (x: number): Promise<number> => {
  const thread = new threading.Thread({ target: square, args: [x] });
  await thread.start();
  return thread.result();
};

/** Takes all memory that it may have. */
export const eatMemory = (): number => {
  const kept: unknown[] = [];
  for (;;) kept.push(Array.from({ length: 1e5 }, (_, i) => ({ i })));
};

export const setEnvironment = (name: string, value: string): void => {
  process.env[name] = value;
};

export const leaveLater = (done: mp.Event): string => {
  setTimeout(() => {
    done.set();
  }, 20);
  return 'returned';
};

export const useLocals = (a: Record<string, unknown>, b: Record<string, unknown>) => {
  const before = Object.keys(a);
  a.mine = 'the thread’s';
  return { isSame: a === b, before, after: a.mine };
};

export const joinsItself = async (): Promise<string> => {
  try {
    await threading.currentThread().join();
    return 'joined';
  } catch (error) {
    return (error as mp.MultiprocessingError).code;
  }
};

export const selfTerminates = (): string => {
  try {
    threading.currentThread().terminate();
    return 'terminated';
  } catch (error) {
    return (error as mp.MultiprocessingError).code;
  }
};

export const setHookAndThrow = (said: mp.Queue<string>): never => {
  threading.setExceptHook(({ error, thread }) => {
    said.putSync(`${thread.name}: ${String(error)}`);
  });
  throw new RangeError('hooked');
};

export class Counter extends threading.Thread<string> {
  readonly label: string;
  readonly #unseen: number = 1;

  constructor(
    label: string,
    readonly times: number,
  ) {
    super({ name: `counter ${label}` });
    this.label = label;
  }

  override run(): string {
    const isBuilt = #unseen in this && this.#unseen > 0;
    const isCurrent = threading.currentThread() === (this as unknown);
    return `${this.label} ${String(this.times)} ${this.name} ${String(isCurrent)} ${String(isBuilt)}`;
  }
}

export const answer = async (connection: mp.Connection): Promise<void> => {
  await connection.send(((await connection.recv()) as number) + 1);
  connection.close();
};

export const loopForEver = (): never => {
  for (;;);
};

export const callAndAnswer = async (address: mp.Address): Promise<void> => {
  const there = await mp.connection.Client(address);
  await there.send(((await there.recv()) as number) + 1);
  there.close();
};
