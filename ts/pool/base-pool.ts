// What pools of processes and of threads have in common.
import { inspect } from 'node:util';

import { registerStayer } from '../codec/carriers.js';
import { invalidArgument, MultiprocessingError } from '../errors.js';
import { QueueFullError } from '../errors/queue.js';
import type { AwaitOptions } from '../sync/options.js';
import { newResult, type AsyncResult, type ResultCallbacks, type Settle } from './async-result.js';
import { clockMs } from './clock.js';
import { PoolCore } from './core.js';
import type { CoreOptions } from './core-options.js';
import { ImapIterator, type Input } from './imap.js';
import { checkInput, checkIterable, collect } from './inputs.js';
import { MapJob } from './map-job.js';
import {
  checkCallback,
  checkNames,
  checkTask,
  count,
  namesOf,
  type ApplyOptions,
  type ImapOptions,
  type MapAsyncOptions,
  type MapOptions,
  type TaskOptions,
  type TaskTarget,
} from './options.js';
import { Form } from './protocol.js';
import { statsOf, type PoolStats } from './stats.js';
import { Task, type TaskEnd } from './task.js';

/** What is left of a pool that nobody can reach. */
const unreachable = new FinalizationRegistry((core: PoolCore) => {
  if (core.state !== 'running') return;
  const { poolName } = core.options.kind;
  process.emitWarning(
    `a ${poolName} was dropped while it was running: close() or terminate() it, or make it by ` +
      '`await using`',
    'ResourceWarning',
  );
  core.close();
});

/** How much of its input imap takes ahead, for each worker: chunks. */
const chunksAhead = 4;

/**
 * What Pool and ThreadPool have in common.
 *
 * @public
 */
export abstract class BasePool {
  readonly #core: PoolCore;
  readonly #taskTimeoutMs: number;

  /** @internal */
  constructor(options: CoreOptions, taskTimeoutMs: number) {
    options.kind.check();
    this.#core = new PoolCore(options);
    this.#taskTimeoutMs = taskTimeoutMs;
    unreachable.register(this, this.#core);
    this.#core.crew.fill(0);
  }

  /**
   * Calls the function in a worker; waits until there is room, where the pool has a `maxQueue`.
   *
   * @param fn - an exported function, which may be async; see {@link TaskTarget}
   * @param args - its arguments; copied, shared objects are shared
   * @returns what it returned
   * @throws what it threw, with the stack that it has in the worker as `cause`
   * @throws WorkerLostError when the worker ended meanwhile
   * @throws TimeoutError when its `timeout` passed; the reason of its `signal`
   * @throws MaybeEncodingError when what it returned cannot be sent
   * @throws NotImportableError, NotCloneableError for a function or arguments that cannot be sent
   * @throws ClosedError when the pool was closed or terminated
   */
  async apply<A extends readonly unknown[], R>(
    fn: TaskTarget<A, R>,
    args?: A,
    options?: TaskOptions,
  ): Promise<Awaited<R>> {
    if (options !== undefined) checkNames('apply()', options, namesOf.apply);
    const core = this.#core;
    if (!core.hasRoom) await core.room(options?.signal);
    return new Promise<Awaited<R>>((resolve, reject) => {
      this.#submit('apply', [fn, args ?? [], options], {
        done: (value) => {
          resolve(value as Awaited<R>);
        },
        failed: reject,
      });
    });
  }

  /**
   * As `apply`, without a wait: gives the result-to-be.
   *
   * @param options - as there; `callback`, `errorCallback`
   * @throws QueueFullError when `maxQueue` tasks wait; `room()` tells when to try again
   * @throws NotImportableError, NotCloneableError, ClosedError as there, at once
   */
  applyAsync<A extends readonly unknown[], R>(
    fn: TaskTarget<A, R>,
    args?: A,
    options?: ApplyOptions<Awaited<R>>,
  ): AsyncResult<Awaited<R>> {
    if (options !== undefined) checkNames('applyAsync()', options, namesOf.apply);
    checkCallbacks(options);
    const core = this.#core;
    if (!core.hasRoom) {
      core.checkOpen('applyAsync');
      throw new QueueFullError(`${String(core.waiting)} tasks wait already: await pool.room()`);
    }
    const [result, settle] = newResult<Awaited<R>>(options ?? {});
    this.#submit('applyAsync', [fn, args ?? [], options], {
      done: (value) => {
        settle.resolve(value as Awaited<R>);
      },
      failed: settle.reject,
    });
    return result;
  }

  /** Resolves when another task may wait; at once without a `maxQueue`. */
  async room(options: Pick<AwaitOptions, 'signal'> = {}): Promise<void> {
    await this.#core.room(options.signal);
  }

  /**
   * Calls the function for each item, in any order and many at a time.
   *
   * @param items - an iterable, which may be async; read to its end first
   * @returns what it returned, in the order of the items
   * @throws the error that came first; all items are run nevertheless, as in CPython, but for those
   * behind an error in the same chunk
   * @throws as `apply`; what the input throws
   */
  async map<T, R>(
    fn: TaskTarget<[T], R>,
    items: Input<T>,
    options?: MapOptions,
  ): Promise<Awaited<R>[]> {
    return this.#map('map', { fn, items, options, spreads: false });
  }

  /** As `map`, without a wait: gives the result-to-be. */
  mapAsync<T, R>(
    fn: TaskTarget<[T], R>,
    items: Input<T>,
    options?: MapAsyncOptions<Awaited<R>[]>,
  ): AsyncResult<Awaited<R>[]> {
    return this.#mapAsync('mapAsync', { fn, items, options, spreads: false });
  }

  /** As `map`, where each item is the array of arguments of one call. */
  async starmap<A extends readonly unknown[], R>(
    fn: TaskTarget<A, R>,
    items: Input<A>,
    options?: MapOptions,
  ): Promise<Awaited<R>[]> {
    return this.#map('starmap', { fn, items, options, spreads: true });
  }

  /** As `starmap`, without a wait: gives the result-to-be. */
  starmapAsync<A extends readonly unknown[], R>(
    fn: TaskTarget<A, R>,
    items: Input<A>,
    options?: MapAsyncOptions<Awaited<R>[]>,
  ): AsyncResult<Awaited<R>[]> {
    return this.#mapAsync('starmapAsync', { fn, items, options, spreads: true });
  }

  /**
   * Calls the function for each item of an input that is read as results are taken: it may be
   * endless.
   *
   * @returns the results, in the order of the items; an error stands at its place, and the iteration
   * can go on behind it
   */
  imap<T, R>(
    fn: TaskTarget<[T], R>,
    items: Input<T>,
    options?: ImapOptions,
  ): ImapIterator<Awaited<R>> {
    return this.#imap('imap', { fn, items, options, isOrdered: true });
  }

  /** As `imap`, in the order in which results come. */
  imapUnordered<T, R>(
    fn: TaskTarget<[T], R>,
    items: Input<T>,
    options?: ImapOptions,
  ): ImapIterator<Awaited<R>> {
    return this.#imap('imapUnordered', { fn, items, options, isOrdered: false });
  }

  /** No more tasks from now on; the workers end when all are done. May be called again. */
  close(): void {
    this.#core.close();
  }

  /**
   * Ends all workers now. Tasks that have not come to their end reject with ClosedError. May be
   * called again.
   */
  terminate(): void {
    this.#core.terminate();
  }

  /**
   * Waits until all workers have ended.
   *
   * @throws MultiprocessingError `ERR_MP_POOL_RUNNING` before `close` and `terminate`
   */
  async join(): Promise<void> {
    if (this.#core.state === 'running') {
      throw new MultiprocessingError('Pool is still running: close() or terminate() it first', {
        code: 'ERR_MP_POOL_RUNNING',
      });
    }
    await this.#core.crew.join();
  }

  /** Changes how many workers there are; those that are too many end after what they run. */
  resize(processes: number): void {
    this.#core.checkOpen('resize');
    this.#core.resize(count('processes', processes));
  }

  /** What the pool has done and is doing. */
  stats(): PoolStats {
    return statsOf(this.#core);
  }

  /** `terminate()` and `join()`, as CPython's `with`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.terminate();
    await this.join();
  }

  /**
   * What `console.log` shows.
   *
   * @internal
   */
  [inspect.custom](): string {
    const { options, state, crew } = this.#core;
    return `${options.kind.poolName} { state: ${state}, processes: ${String(crew.size)} }`;
  }

  #submit(
    method: string,
    [fn, args, options]: [unknown, readonly unknown[], TaskOptions | undefined],
    end: TaskEnd,
  ): void {
    const core = this.#core;
    core.checkOpen(method);
    if (!Array.isArray(args)) {
      throw invalidArgument(`${method}() takes the arguments as an array, such as [7]`);
    }
    const slot = core.functions.slotOf(fn as never);
    const choices = checkTask(options, this.#taskTimeoutMs);
    const work =
      args.length === 1
        ? { fn: slot, detail: Form.single, content: args[0] as unknown }
        : {
            fn: slot,
            detail: args.length === 0 ? Form.bare : Form.list,
            content: args.length === 0 ? undefined : args,
          };
    core.submit(new Task(work, choices, end, clockMs()));
  }

  #map<R>(method: string, call: MapCall): Promise<R[]> {
    return new Promise((resolve, reject) => {
      const settle = { resolve, reject } as Settle<unknown[]>;
      this.#startMap(method, call, settle);
    });
  }

  #mapAsync<R>(method: string, call: MapCall & MapCallbacks<R>): AsyncResult<R[]> {
    checkCallbacks(call.options);
    const [result, settle] = newResult<R[]>(call.options ?? {});
    this.#startMap(method, call, settle as Settle<unknown[]>);
    return result;
  }

  #startMap(
    method: string,
    { fn, items, options = {}, spreads }: MapCall,
    settle: Settle<unknown[]>,
  ): void {
    const core = this.#core;
    checkNames(`${method}()`, options, namesOf.map);
    core.checkOpen(method);
    checkCallback('onProgress', options.onProgress);
    const { chunksize, onProgress } = options;
    const work = {
      fn: core.functions.slotOf(fn as never),
      spreads,
      chunksize: chunksize === undefined ? undefined : count('chunksize', chunksize),
      choices: checkTask(options, this.#taskTimeoutMs),
      onProgress,
    };
    const start = (list: readonly unknown[]): void => {
      new MapJob(core, { ...work, items: list }, settle).start();
    };
    const list = checkInput(method, items);
    if (list !== undefined) start(list);
    else void collect(items as AsyncIterable<unknown>).then(start, settle.reject);
  }

  #imap<R>(method: string, { fn, items, options = {}, isOrdered }: ImapCall): ImapIterator<R> {
    const core = this.#core;
    checkNames(`${method}()`, options, namesOf.imap);
    core.checkOpen(method);
    checkCallback('onProgress', options.onProgress);
    const chunksize = options.chunksize === undefined ? 1 : count('chunksize', options.chunksize);
    const usual = chunksAhead * chunksize * core.crew.size;
    const { buffersize } = options;
    return new ImapIterator(core, {
      fn: core.functions.slotOf(fn as never),
      input: checkIterable(method, items),
      isOrdered,
      chunksize,
      buffersize: buffersize === undefined ? usual : count('buffersize', buffersize),
      choices: checkTask(options, this.#taskTimeoutMs),
      onProgress: options.onProgress,
    });
  }
}

interface MapCall {
  readonly fn: unknown;
  readonly items: Input<unknown>;
  readonly options: MapOptions | undefined;
  readonly spreads: boolean;
}

interface ImapCall {
  readonly fn: unknown;
  readonly items: Input<unknown>;
  readonly options: ImapOptions | undefined;
  readonly isOrdered: boolean;
}

interface MapCallbacks<R> {
  readonly options: MapAsyncOptions<R[]> | undefined;
}

function checkCallbacks(options: ResultCallbacks<never> | undefined): void {
  checkCallback('callback', options?.callback);
  checkCallback('errorCallback', options?.errorCallback);
}

registerStayer(BasePool, "its workers are this one's");
