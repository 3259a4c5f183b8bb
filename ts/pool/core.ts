// The heart of a pool: gives tasks to workers, and sees to it that each comes to one end, whatever
// happens to whom.
//
//   A TASK IS …  | ITS WORKER ENDS           | ITS SIGNAL, ITS TIME     | NEXT
//   -------------+---------------------------+--------------------------+-------------------------
//   waiting      | (has none)                | settled                  | sent
//   sent         | waits again, as the first | taken back, settled      | begun, in the worker
//   begun        | settled with an error, or | settled, and the worker  | settled by its outcome
//                | waits again (`retries`)   | is ended                 |
//
// Which task a worker has begun stands in shared memory (shared-state.ts), and outcomes that were
// put are read also after their worker's end. So a task that ended is never run again, one that was
// begun only when the user wants that, and one that was not begun always.
import { Refusal, type Head } from '../channel/ring.js';
import { refused } from '../channel/pending-put.js';
import { Encoded } from '../codec/message.js';
import { ClosedError, TimeoutError } from '../errors.js';
import type { WorkerLostError } from '../errors/pool.js';
import { clockMs } from './clock.js';
import type { CoreOptions, PoolState } from './core-options.js';
import { Crew } from './crew.js';
import { Deadlines } from './deadlines.js';
import { Histogram } from './figures.js';
import { FunctionTable } from './functions.js';
import { lostError } from './lost.js';
import type { Member } from './member.js';
import { Kind } from './protocol.js';
import { withRemoteStack } from './remote-stack.js';
import { Signals } from './signals.js';
import { Soon } from './soon.js';
import type { Task } from './task.js';
import { TaskQueue } from './task-queue.js';
import type { WorkerEnd } from './worker.js';

/** How much work a worker is sent beyond the task that it runs, in ms. */
const aheadMs = 1;
const mostAhead = 128;

export class PoolCore {
  readonly options: CoreOptions;
  readonly functions = new FunctionTable();
  readonly waits = new Histogram();
  readonly runs = new Histogram();
  readonly counts = { completed: 0, failed: 0, retried: 0, lost: 0 };
  readonly madeMs = clockMs();
  readonly crew: Crew;
  state: PoolState = 'running';
  #error: unknown;
  readonly #queue = new TaskQueue();
  readonly #signals = new Signals((task, reason) => {
    this.cancel(task, reason);
  });
  readonly #roomWaiters: (() => void)[] = [];
  #outstanding = 0;
  #lastId = 0;
  /** How long tasks take, lately, in ms. */
  #usualMs = aheadMs;
  #isAwake = false;
  /** Not at once: who awaits one task after the other has another one now. */
  readonly #rests = new Soon(this.#rest.bind(this));
  readonly #balances = new Soon(this.#balance.bind(this), 1);
  readonly #deadlines = new Deadlines(
    () => this.crew.members,
    (member, task) => {
      this.#expire(member, task);
    },
  );

  constructor(options: CoreOptions) {
    this.options = options;
    this.crew = new Crew(options, {
      receive: (member, head, value) => {
        this.#receive(member, head, value);
      },
      drained: (member) => {
        this.#drained(member);
      },
      ended: (member, end, isLost) => {
        this.#ended(member, end);
        if (isLost) this.#lostWorker(member, end);
      },
      failed: (error) => {
        this.fail(options.breaksWith?.(error) ?? error);
      },
    });
  }

  get waiting(): number {
    return this.#queue.size;
  }

  get outstanding(): number {
    return this.#outstanding;
  }

  get hasRoom(): boolean {
    return this.#queue.size < this.options.maxQueue;
  }

  /** Resolves when another task may wait. */
  async room(signal?: AbortSignal): Promise<void> {
    while (!this.hasRoom && this.state === 'running') {
      signal?.throwIfAborted();
      await new Promise<void>((resolve) => this.#roomWaiters.push(resolve));
    }
  }

  /** @throws ClosedError after close and terminate; what broke the pool */
  checkOpen(method: string): void {
    if (this.state === 'running') return;
    if (this.state === 'broken') throw this.#error;
    const { poolName } = this.options.kind;
    throw new ClosedError(`${method}() on a ${poolName} that was ${this.state}: Pool not running`);
  }

  /** From now on the task comes to an end. */
  submit(task: Task): void {
    this.#lastId = (this.#lastId + 1) % 2 ** 32 || 1;
    task.id = this.#lastId;
    if (this.state === 'broken' || this.state === 'terminated') {
      task.isSettled = true;
      task.drop();
      task.end.failed(this.#error);
      return;
    }
    const { signal } = task.choices;
    this.#outstanding += 1;
    this.#queue.push(task);
    if (signal !== undefined) {
      if (signal.aborted) this.#reject(task, signal.reason);
      else this.#signals.listen(task, signal);
    }
    this.#wake();
    this.crew.fill(this.#outstanding);
    this.#dispatch();
    task.keep();
  }

  /** Nothing is begun any more once all that was submitted has come to its end. */
  close(): void {
    if (this.state !== 'running') return;
    this.state = 'closed';
    this.#release();
    if (this.#outstanding === 0) this.crew.retireAll();
  }

  /** Ends all workers; what has not come to its end does so with an error. */
  terminate(): void {
    this.#stop('terminated', new ClosedError(`the ${this.options.kind.poolName} was terminated`));
  }

  /** As terminate, because of an error that everybody is to get. */
  fail(error: unknown, isHard = false): void {
    this.#stop('broken', error, isHard);
  }

  /** Nobody waits for the task any more; `reason`: what it ends with. */
  cancel(task: Task, reason: unknown): void {
    if (!this.#settle(task)) return;
    this.counts.failed += 1;
    task.end.failed(reason);
    const member = this.crew.memberOf(task);
    if (member !== undefined) this.#withdraw(member, task);
  }

  /** Takes a task back that has not begun: true when nobody will run it. */
  cancelWaiting(task: Task, reason: unknown): boolean {
    if (task.isSettled) return false;
    if (task.isSent) {
      const member = this.crew.memberOf(task);
      if (member !== undefined) this.#takeBack(member);
    }
    const isOurs = !task.isSent && this.#settle(task);
    if (isOurs) task.end.failed(reason);
    this.#dispatch();
    return isOurs;
  }

  /** Cancels all that have not begun. */
  cancelAllWaiting(reason: unknown): void {
    for (const member of this.crew.members) this.#takeBack(member);
    this.#failWaiting(reason);
  }

  resize(processes: number): void {
    for (const member of this.crew.resize(processes)) this.#takeBack(member);
    this.crew.fill(this.#outstanding);
    this.#dispatch();
  }

  #stop(state: 'terminated' | 'broken', error: unknown, isHard = false): void {
    if (this.state === 'terminated' || this.state === 'broken') return;
    this.state = state;
    this.#error = error;
    this.#release();
    this.#failWaiting(error);
    for (const member of this.crew.members) {
      for (const task of member.sent.values()) if (this.#settle(task)) task.end.failed(error);
      member.kill(isHard);
    }
  }

  #failWaiting(error: unknown): void {
    for (let task = this.#queue.shift(); task !== undefined; task = this.#queue.shift()) {
      if (this.#settle(task)) task.end.failed(error);
    }
  }

  #dispatch(): void {
    const ahead = Math.min(Math.max(Math.floor(aheadMs / this.#usualMs), 1), mostAhead);
    while (this.#queue.size > 0) {
      const member = this.crew.pick(ahead);
      if (member === undefined) break;
      const task = this.#queue.shift();
      if (task === undefined) break;
      const refusal = member.send(task);
      if (refusal === Refusal.busy || refusal === Refusal.shutDown) {
        this.#queue.unshift(task);
        break;
      }
      if (refusal !== 0) this.#reject(task, refused(refusal, task.message));
      else if (task.choices.timeoutMs !== Infinity) this.#deadlines.plan(task.choices.timeoutMs);
      this.crew.given(member);
    }
    if (this.#roomWaiters.length > 0 && this.hasRoom) this.#release();
  }

  #release(): void {
    for (const tell of this.#roomWaiters.splice(0)) tell();
  }

  #receive(member: Member, head: Head, value: unknown): void {
    const task = member.sent.get(head.id);
    if (task === undefined) {
      if (value instanceof Encoded) value.discard();
      return;
    }
    member.sent.delete(head.id);
    if (head.detail === Kind.unknownFunction) {
      member.forget(task.fn.id);
      if (task.isInRing) task.restore(value);
      if (!task.isSettled) this.#queue.unshift(task);
      return;
    }
    this.waits.add(Math.max(head.first - task.queuedMs, 0));
    this.runs.add(head.second);
    this.#usualMs += (head.second - this.#usualMs) / 8;
    task.end.took?.(head.second);
    if (!(value instanceof Encoded)) {
      this.#deliver(member, task, head.detail as Kind, value);
    } else if (task.isSettled) {
      value.discard();
    } else {
      const kind = head.detail as Kind;
      value.give(
        (decoded) => {
          this.#deliver(member, task, kind, decoded);
        },
        (error) => {
          this.#reject(task, error);
        },
      );
    }
  }

  #deliver(member: Member, task: Task, kind: Kind, value: unknown): void {
    if (kind === Kind.error) {
      this.#reject(task, withRemoteStack(value, member.worker));
      return;
    }
    task.used();
    if (!this.#settle(task)) return;
    this.counts.completed += 1;
    const whole = kind === Kind.numbers ? Array.from(value as Float64Array) : value;
    task.end.done(whole, kind === Kind.outcomes);
  }

  #reject(task: Task, error: unknown): void {
    if (!this.#settle(task)) return;
    this.counts.failed += 1;
    task.end.failed(error);
  }

  /** False when it is settled already. */
  #settle(task: Task): boolean {
    if (task.isSettled) return false;
    if (!task.isSent) this.#queue.settled();
    task.isSettled = true;
    task.drop();
    this.#outstanding -= 1;
    if (this.#outstanding === 0) this.#rests.plan();
    return true;
  }

  /** A worker has told all that it had to. */
  #drained(member: Member): void {
    if (member.status === 'ready' && member.state.memoryBytes > this.options.maxMemory) {
      this.crew.retire(member);
      this.#takeBack(member);
    }
    this.#dispatch();
    if (member.sent.size === 0 && member.status === 'ready') this.#balance();
  }

  /** There is a worker with nothing to do: it may have what others have not begun. */
  #balance(): void {
    if (this.#queue.size > 0) return;
    const busiest = this.crew.busiest();
    if (busiest === undefined) return;
    this.#takeBack(busiest);
    this.#dispatch();
    // Its worker may have been at its ring just then, which nobody else can look into meanwhile.
    if (busiest.sent.size > 1 && this.crew.hasIdle) this.#balances.plan();
  }

  #takeBack(member: Member): void {
    for (const task of member.takeBack().reverse()) {
      if (!task.isSettled) this.#queue.unshift(task);
    }
  }

  #ended(member: Member, end: WorkerEnd): void {
    const { begun } = member;
    for (const task of [...member.sent.values()].reverse()) {
      if (!task.isSettled && task !== begun) this.#queue.unshift(task);
    }
    member.sent.clear();
    if (begun?.isSettled === false) this.#lost(begun, lostError(member, end));
    if (this.state === 'running' || (this.state === 'closed' && this.#outstanding > 0)) {
      this.crew.fill(this.#outstanding);
    }
    this.#dispatch();
  }

  #lostWorker(member: Member, end: WorkerEnd): void {
    const { breaksWith } = this.options;
    // One that was never ready has its own count; one that ended by itself is replaced.
    if (breaksWith === undefined || member.given === 0 || end.signal === null) return;
    this.fail(breaksWith(lostError(member, end)));
  }

  #lost(task: Task, error: WorkerLostError): void {
    this.counts.lost += 1;
    const { breaksWith } = this.options;
    if (breaksWith !== undefined && error.signal !== null) {
      this.fail(breaksWith(error));
      this.#reject(task, this.#error);
      return;
    }
    if (task.retriesLeft > 0 && (this.state === 'running' || this.state === 'closed')) {
      task.retriesLeft -= 1;
      this.counts.retried += 1;
      task.renew();
      this.#queue.unshift(task);
      return;
    }
    this.#reject(task, error);
  }

  /** The worker is not to run the task, which is settled. */
  #withdraw(member: Member, task: Task): void {
    if (!member.sent.has(task.id) || member.status === 'ended') return;
    if (member.state.holdIfRunning(task.id)) {
      member.kill();
      return;
    }
    this.#takeBack(member);
    this.#dispatch();
    // It is on the way from the ring into the worker's hands, or its outcome on the way back.
    if (member.sent.has(task.id)) {
      setTimeout(() => {
        this.#withdraw(member, task);
      }, 1).unref();
    }
  }

  #expire(member: Member, task: Task): void {
    // An outcome that has come meanwhile counts.
    if (!member.state.holdIfRunning(task.id)) return;
    const limit = String(task.choices.timeoutMs);
    this.#reject(task, new TimeoutError(`the task ran for more than ${limit} ms`));
    member.kill();
  }

  #wake(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    this.crew.watch();
  }

  #rest(): void {
    if (this.#outstanding > 0) return;
    if (this.state === 'closed') this.crew.retireAll();
    this.#isAwake = false;
    this.crew.unwatch();
  }
}
