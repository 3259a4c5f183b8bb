// How a worker tells what became of a task. Nothing that a task returns or throws may keep its
// outcome from being told.
import { inspect } from 'node:util';

import { refused } from '../channel/pending-put.js';
import { Head, Refusal, type Ring } from '../channel/ring.js';
import { discardMessage, messageOf, type Keeper, type Message } from '../codec/message.js';
import { RemoteError } from '../errors.js';
import { MaybeEncodingError } from '../errors/pool.js';
import { native } from '../native/binding.js';
import { clockMs } from './clock.js';
import { Kind, type Outcome } from './protocol.js';
import type { SharedState } from './shared-state.js';

/** A task that has begun. */
export interface Begun {
  readonly id: number;
  readonly beganMs: number;
}

export class Outcomes {
  readonly #results: Ring;
  readonly #state: SharedState;
  readonly #keeper: Keeper;
  readonly #head = new Head();

  constructor(results: Ring, state: SharedState) {
    this.#results = results;
    this.#state = state;
    this.#keeper = () => native.ringKeeper(results.address);
  }

  /** The worker serves from now on. */
  ready(): void {
    this.#put({ id: 0, beganMs: clockMs() }, Kind.ready, messageOf(undefined, this.#keeper));
  }

  /** Large data goes back with it: the pool has no other copy. */
  unknownFunction(task: Begun, data: unknown): void {
    this.#put(task, Kind.unknownFunction, messageOf(data, this.#keeper));
  }

  value(task: Begun, value: unknown): void {
    this.#send(task, Kind.value, value, 'the return value');
  }

  values(task: Begun, values: readonly unknown[]): void {
    if (areNumbers(values)) this.#send(task, Kind.numbers, Float64Array.from(values), '');
    else this.#send(task, Kind.values, values, 'the return values');
  }

  outcomes(task: Begun, outcomes: readonly Outcome[]): void {
    this.#send(task, Kind.outcomes, outcomes, 'the outcomes');
  }

  error(task: Begun, error: unknown): void {
    let message: Message;
    try {
      message = messageOf(error, this.#keeper, 'the error');
    } catch {
      message = messageOf(plainError(error), this.#keeper);
    }
    this.#put(task, Kind.error, message);
  }

  #send(task: Begun, kind: Kind, value: unknown, label: string): void {
    let message: Message;
    try {
      message = messageOf(value, this.#keeper, label);
    } catch (cause) {
      this.error(task, notSendable(value, cause));
      return;
    }
    this.#put(task, kind, message);
  }

  #put(task: Begun, kind: Kind, message: Message): void {
    const head = this.#head;
    head.id = task.id;
    head.detail = kind;
    head.first = task.beganMs;
    head.second = clockMs() - task.beganMs;
    const refusal = this.#results.put(message, Infinity, head);
    if (refusal !== 0) {
      discardMessage(message);
      // Without its outcome the task would be waited for; a pool that was shut down waits for none.
      if (refusal !== Refusal.shutDown) this.error(task, refused(refusal, message));
    }
    this.#state.end();
  }
}

function areNumbers(values: readonly unknown[]): values is readonly number[] {
  return values.every((value) => typeof value === 'number');
}

function notSendable(value: unknown, cause: unknown): MaybeEncodingError {
  const what = textOf(value);
  const reason = cause instanceof Error ? cause.message : textOf(cause);
  return new MaybeEncodingError(`Error sending result: ${what}. Reason: ${reason}`, { cause });
}

/** An error that has something on it that cannot be sent: what can. */
function plainError(error: unknown): Error {
  if (!(error instanceof Error)) return notSendable(error, 'it cannot be cloned');
  const plain = new RemoteError(error.message);
  Object.defineProperty(plain, 'name', { value: error.name, configurable: true });
  Object.defineProperty(plain, 'stack', { value: error.stack, configurable: true });
  return plain;
}

function textOf(value: unknown): string {
  try {
    return inspect(value, { depth: 0, breakLength: Infinity }).slice(0, 200);
  } catch {
    return `a ${typeof value}`;
  }
}
