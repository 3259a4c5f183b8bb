// One worker of a pool with the two rings to and from it, and the tasks that it was sent.
//
//   STATUS    | MEANING                                                      | NEXT
//   ----------+--------------------------------------------------------------+---------------
//   starting  | its process, its modules, its initializer                    | any
//   ready     | it takes tasks                                               | retiring, ended
//   retiring  | it gets no more tasks, and ends when it has run what it has  | ended
//   ended     |                                                              |
import { Await } from '../channel/line.js';
import { ringOf } from '../channel/queue.js';
import { Head, Refused, type ReadMessage, type Refusal, type Ring } from '../channel/ring.js';
import { SimpleQueue } from '../channel/simple-queue.js';
import { messageOf, readMessage } from '../codec/message.js';
import { release } from '../memory/memory.js';
import { native, ObjectKind } from '../native/binding.js';
import { unwatch, watch } from '../sync/tickets.js';
import { Form } from './protocol.js';
import { newState, SharedState } from './shared-state.js';
import type { Task } from './task.js';
import type { Worker, WorkerArguments, WorkerKind } from './worker.js';

/** How long a worker has to end by itself once it was asked to, in ms. */
const graceMs = 500;

export type Settings = Pick<WorkerArguments, 'initializer' | 'initargs' | 'spinMs'>;

/** Takes what a worker tells. */
export type Receiver = (head: Head, value: unknown) => void;

export class Member {
  readonly worker: Worker;
  readonly state: SharedState;
  /** In the order in which they were sent, until it has ended. */
  readonly sent = new Map<number, Task>();
  status: 'starting' | 'ready' | 'retiring' | 'ended' = 'starting';
  /** How many tasks it was given in its life. */
  given = 0;
  /** Since when it has none; counts up. */
  idleSince = 0;
  hasStarted = false;
  /** The task that it ran when it ended. */
  begun: Task | undefined;
  /** Resolves when it has started, or could not be. */
  started: Promise<void> = Promise.resolve();
  /** It is to be ended, by whatever way. */
  isDoomed = false;
  readonly ended: Promise<void>;
  #tellEnded!: () => void;
  readonly #queues: readonly [tasks: SimpleQueue, results: SimpleQueue];
  readonly #tasks: Ring;
  readonly #results: Ring;
  readonly #known = new Set<number>();
  readonly #head = new Head();
  readonly #taken = new Head();
  #ticket = 0;
  #killTimer: NodeJS.Timeout | undefined;

  constructor(kind: WorkerKind, { initializer, initargs, spinMs }: Settings, number: number) {
    const [tasks, results] = [new SimpleQueue(), new SimpleQueue()];
    const state = newState();
    this.#queues = [tasks, results];
    this.#tasks = ringOf(tasks);
    this.#results = ringOf(results);
    this.state = new SharedState(state);
    const settings = { initializer, initargs, spinMs };
    this.worker = kind.make({ tasks, results, state, ...settings }, number);
    this.ended = new Promise((resolve) => (this.#tellEnded = resolve));
  }

  /** Sends a task; 0, or why not. */
  send(task: Task): 0 | Refusal {
    const { fn } = task;
    if (!this.#known.has(fn.id)) {
      const refusal = this.#define(fn.id, fn.text);
      if (refusal !== 0) return refusal;
    }
    const head = this.#head;
    head.id = task.id;
    head.detail = task.detail;
    head.first = fn.id;
    const refusal = this.#tasks.put(task.message, 0, head);
    if (refusal !== 0) return refusal;
    this.sent.set(task.id, task);
    this.given += 1;
    return 0;
  }

  #define(id: number, text: string): 0 | Refusal {
    const head = this.#head;
    head.id = 0;
    head.detail = Form.definition;
    head.first = id;
    const refusal = this.#tasks.put(
      messageOf(text, () => 0),
      0,
      head,
    );
    if (refusal === 0) this.#known.add(id);
    return refusal;
  }

  /** The worker has forgotten a function. */
  forget(id: number): void {
    this.#known.delete(id);
  }

  /** Takes back the tasks that the worker has not taken from its ring; in their order. */
  takeBack(): Task[] {
    const tasks = this.#unbegun();
    this.given -= tasks.length;
    return tasks;
  }

  #unbegun(): Task[] {
    const tasks: Task[] = [];
    const head = this.#taken;
    const read: ReadMessage<void> = (space, place, bytes, tag) => {
      const task = this.sent.get(head.id);
      if (task?.isInRing === true) task.restore(readMessage(space, place, bytes, tag));
    };
    while (this.#tasks.skip(head, read)) {
      if (head.id === 0) {
        this.#known.delete(head.first);
        continue;
      }
      const task = this.sent.get(head.id);
      if (task === undefined) continue;
      this.sent.delete(head.id);
      tasks.push(task);
    }
    return tasks;
  }

  /** Calls `onResults` when the worker has told something; keeps the event loop alive. */
  watch(onResults: () => void): void {
    if (this.#ticket !== 0 || this.status === 'ended') return;
    const { address } = this.#results;
    const watched = { address, kind: ObjectKind.queue, detail: Await.record };
    const { ticket, tryNow } = watch(watched, {
      onReady: onResults,
      forget: () => {
        this.#ticket = 0;
      },
    });
    this.#ticket = ticket;
    if (tryNow) setImmediate(onResults);
  }

  unwatch(): void {
    if (this.#ticket === 0) return;
    unwatch(this.#ticket, true);
    this.#ticket = 0;
  }

  /** Gives all that the worker has told, then watches on if it did. */
  drain(receive: Receiver): void {
    const head = new Head();
    for (;;) {
      const value = this.#results.get(0, head);
      if (!(value instanceof Refused)) receive(head, value);
      else if (this.#ticket === 0 || native.rearm(this.#ticket)) return;
    }
  }

  /** Lets the worker run what it has, and end. */
  retire(): void {
    if (this.status === 'ended' || this.status === 'retiring') return;
    this.status = 'retiring';
    native.ringShutDown(this.#tasks.address, false);
  }

  /** Ends the worker, whatever it does; `isHard`: by force at once. */
  kill(isHard = false): void {
    this.isDoomed = true;
    if (this.status === 'ended') return;
    this.state.hold();
    if (!this.hasStarted) return;
    this.worker.kill(isHard);
    this.#killTimer ??= setTimeout(() => {
      if (this.status !== 'ended') this.worker.kill(true);
    }, graceMs).unref();
  }

  /** The worker has ended, and all that it told was received. */
  end(): void {
    this.status = 'ended';
    this.begun = this.sent.get(this.state.running);
    for (const task of this.#unbegun()) this.sent.set(task.id, task);
    clearTimeout(this.#killTimer);
    this.unwatch();
    for (const queue of this.#queues) release(queue, ringOf(queue).address);
    this.#tellEnded();
  }
}
