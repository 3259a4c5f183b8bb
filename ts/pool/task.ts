// One task of a pool, as its own process sees it.
import {
  discardMessage,
  isBorrowed,
  keepMessage,
  messageOf,
  type Message,
} from '../codec/message.js';
import { Tag } from '../codec/tags.js';
import { native } from '../native/binding.js';
import type { Slot } from './functions.js';
import { Form, formMask } from './protocol.js';

/** Who wants to know what became of a task. */
export interface TaskEnd {
  /** `value`: of Kind.value what the function returned, else an array with one for each item. */
  done(value: unknown, isOutcomes: boolean): void;
  failed(error: unknown): void;
  /** How long it ran, before `done`. */
  took?(ms: number): void;
}

/** What tasks are given beside what they do. */
export interface TaskChoices {
  /** ms from its first line; Infinity: none. */
  readonly timeoutMs: number;
  /** How often it may be begun again when its worker ended in it. */
  readonly retries: number;
  /** Higher ones come first. */
  readonly priority: number;
  readonly signal: AbortSignal | undefined;
}

/** What a task does. */
export interface TaskWork {
  readonly fn: Slot;
  /** Of protocol.ts, with flags. */
  readonly detail: number;
  /** What the message is made of. */
  readonly content: unknown;
  /** Which of the items of a map is the first of these. */
  readonly firstItem?: number | undefined;
}

/** How error messages call what cannot be sent. */
function labelOf({ detail, firstItem }: TaskWork): string {
  const form = detail & formMask;
  if (firstItem === undefined) return form === Form.single ? 'args[0]' : 'args';
  if (form === Form.single) return `items[${String(firstItem)}]`;
  return firstItem === 0 ? 'items' : `items.slice(${String(firstItem)})`;
}

/** Larger data is copied into a ring at once, where it can be: of what is there is no copy here. */
const largeBytes = 16 * 1024;

const ownId = (): number => native.selfAt(0);

export class Task {
  /** Set when it joins the queue. */
  id = 0;
  readonly fn: Slot;
  readonly detail: number;
  readonly choices: TaskChoices;
  readonly end: TaskEnd;
  readonly queuedMs: number;
  retriesLeft: number;
  /** Nobody waits for it any more, or nobody has to. */
  isSettled = false;
  /** Taken out of the queue, for a worker. */
  isSent = false;
  #message: Message;
  #place: 'here' | 'lent' | 'ring' = 'here';
  #isUsed = false;
  /** What the message has to be made of again, because a receiver can use it once. */
  #content: unknown;
  stopListening: (() => void) | undefined;

  /** @throws NotCloneableError, NotImportableError when an argument cannot be sent */
  constructor(work: TaskWork, choices: TaskChoices, end: TaskEnd, nowMs: number) {
    this.fn = work.fn;
    this.detail = work.detail;
    this.choices = choices;
    this.end = end;
    this.queuedMs = nowMs;
    this.retriesLeft = choices.retries;
    this.#message = messageOf(work.content, ownId, labelOf(work));
    if (isBorrowed(this.#message) && this.#message.bytes >= largeBytes && choices.retries === 0) {
      this.#place = 'lent';
    } else {
      this.#message = keepMessage(this.#message);
    }
    if (this.#message.tag === Tag.general && choices.retries > 0) this.#content = work.content;
  }

  get message(): Message {
    return this.#message;
  }

  /** The call that makes the task returns: what is its caller's may change. */
  keep(): void {
    if (this.#place !== 'lent') return;
    if (!this.isSent) this.#message = keepMessage(this.#message);
    else this.#message = { ...this.#message, body: undefined };
    this.#place = this.isSent ? 'ring' : 'here';
  }

  /** Whether there is no copy of its message but in the ring. */
  get isInRing(): boolean {
    return this.#place === 'ring';
  }

  /** It has been taken back out of the ring, or sent back by its worker. */
  restore(data: unknown): void {
    this.#message = keepMessage(messageOf(data, ownId));
    this.#place = 'here';
  }

  /** It was begun, and its message perhaps read. */
  renew(): void {
    if (this.#content === undefined) return;
    discardMessage(this.#message);
    this.#message = messageOf(this.#content, ownId);
  }

  /** Its worker has used what is in its message. */
  used(): void {
    this.#isUsed = true;
  }

  /** Its message is not needed any more. */
  drop(): void {
    if (!this.#isUsed) discardMessage(this.#message);
    this.#content = undefined;
    this.stopListening?.();
  }
}
