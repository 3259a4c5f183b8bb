// map and starmap: many calls in few messages.
import type { PoolCore } from './core.js';
import { callSafely, type Settle } from './async-result.js';
import { clockMs } from './clock.js';
import type { Slot } from './functions.js';
import { Form, timesItems } from './protocol.js';
import { Task, type TaskChoices } from './task.js';

/** What is to be mapped. */
export interface MapWork {
  readonly fn: Slot;
  readonly items: readonly unknown[];
  /** Each item is the list of arguments of one call. */
  readonly spreads: boolean;
  /** Undefined: as fits. */
  readonly chunksize: number | undefined;
  readonly choices: TaskChoices;
  readonly onProgress: ((done: number, total: number) => void) | undefined;
}

/** How long a chunk should take, when nobody says how large it is to be. */
const chunkMs = 5;
const firstItems = 16;
/** So many chunks for each worker, at least, so that all are busy to the end. */
const chunksPerWorker = 4;

export class MapJob {
  readonly #core: PoolCore;
  readonly #work: MapWork;
  readonly #settle: Settle<unknown[]>;
  readonly #values: unknown[];
  #next = 0;
  #done = 0;
  #underWay = 0;
  #isPumping = false;
  #error: { readonly error: unknown } | undefined;

  constructor(core: PoolCore, work: MapWork, settle: Settle<unknown[]>) {
    this.#core = core;
    this.#work = work;
    this.#settle = settle;
    this.#values = new Array<unknown>(work.items.length);
  }

  start(): void {
    if (this.#work.items.length === 0) this.#settle.resolve([]);
    else this.#pump();
  }

  /** Has as many chunks under way as keep the workers busy. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    const most = 3 * this.#core.crew.size;
    while (this.#next < this.#work.items.length && this.#underWay < most) {
      if (!this.#core.hasRoom && this.#underWay > 0) break;
      this.#submit(this.#chunksize());
      if (this.#isAborted()) break;
    }
    this.#isPumping = false;
  }

  #isAborted(): boolean {
    return this.#work.choices.signal?.aborted === true;
  }

  /** How many items are next. */
  #chunksize(): number {
    const { items, chunksize } = this.#work;
    if (chunksize !== undefined) return chunksize;
    const left = items.length - this.#next;
    const most = Math.ceil(left / (chunksPerWorker * this.#core.crew.size));
    const { usualMs } = this.#work.fn;
    const wanted = usualMs === undefined ? firstItems : chunkMs / usualMs;
    return Math.max(Math.min(most, Math.floor(wanted)), 1);
  }

  #submit(size: number): void {
    const { fn, items, choices } = this.#work;
    const start = this.#next;
    const chunk = items.slice(start, start + size);
    this.#next += chunk.length;
    this.#underWay += 1;
    const end = {
      done: (values: unknown) => {
        const array = values as readonly unknown[];
        for (let i = 0; i < chunk.length; i += 1) this.#values[start + i] = array[i];
        this.#ended(chunk.length);
      },
      failed: (error: unknown) => {
        this.#error ??= { error };
        this.#ended(chunk.length);
      },
      took: (ms: number) => {
        const itemMs = Math.max(ms / chunk.length, 1e-6);
        fn.usualMs = fn.usualMs === undefined ? itemMs : (fn.usualMs + itemMs) / 2;
      },
    };
    let task: Task;
    try {
      task = new Task({ fn, firstItem: start, ...this.#contentOf(chunk) }, choices, end, clockMs());
    } catch (error) {
      // As CPython does: the other chunks are run.
      end.failed(error);
      return;
    }
    this.#core.submit(task);
  }

  #contentOf(chunk: readonly unknown[]): { detail: number; content: unknown } {
    const flags = this.#work.choices.timeoutMs === Infinity ? 0 : timesItems;
    if (this.#work.spreads) return { detail: Form.argumentLists | flags, content: chunk };
    if (chunk.every((item) => typeof item === 'number')) {
      return { detail: Form.numbers | flags, content: Float64Array.from(chunk) };
    }
    return { detail: Form.items | flags, content: chunk };
  }

  #ended(count: number): void {
    this.#underWay -= 1;
    this.#done += count;
    const { items, onProgress, choices } = this.#work;
    if (onProgress !== undefined) {
      callSafely((done) => {
        onProgress(done, items.length);
      }, this.#done);
    }
    if (this.#isAborted()) {
      // What has not been sent never will be.
      this.#settle.reject(choices.signal?.reason);
    } else if (this.#done < items.length) {
      this.#pump();
    } else if (this.#error !== undefined) {
      this.#settle.reject(this.#error.error);
    } else {
      this.#settle.resolve(this.#values);
    }
  }
}
