// A socket of this thread: attempts that never block, and what the event loop watches meanwhile.
import { ClosedError } from '../errors.js';
import { onForked } from '../memory/forked.js';
import { native, Moved } from '../native/binding.js';
import { timedOut } from './pending.js';

/** Those that the event loop watches; it keeps them from being collected. */
const watched = new Map<number, Stream>();
const collected = new FinalizationRegistry<number>((number) => {
  native.streamClose(number);
});
let isListening = false;

onForked(() => {
  const inherited = [...watched.values()];
  watched.clear();
  for (const stream of inherited) stream.forgetWaits();
});

function listen(): void {
  if (isListening) return;
  native.onStream((number) => watched.get(number)?.look());
  isListening = true;
}

export class Stream {
  /** Run by the event loop, while they are wanted. */
  onReadable: (() => void) | undefined;
  onWritable: (() => void) | undefined;
  /** Run in a forked child for each direction in which its parent waits. */
  readonly onForgotten: (() => void)[] = [];
  #number: number | undefined;
  #reads = false;
  #writes = false;

  private constructor(number: number) {
    listen();
    this.#number = number;
    collected.register(this, number, this);
  }

  /** The stream of a native number, which it owns. */
  static of(number: number): Stream {
    return new Stream(number);
  }

  /** Takes over a descriptor. */
  static adopt(descriptor: number): Stream {
    return new Stream(native.streamAdopt(descriptor));
  }

  /** A copy of a descriptor that somebody else owns. */
  static duplicate(descriptor: number): Stream {
    return new Stream(native.streamDuplicate(descriptor));
  }

  get number(): number {
    if (this.#number === undefined) throw new ClosedError('the connection is closed');
    return this.#number;
  }

  get isClosed(): boolean {
    return this.#number === undefined;
  }

  get descriptor(): number {
    return native.streamDescriptor(this.number);
  }

  /** How many bytes came into `into` from `start` on, or one of {@link Moved}. */
  receive(into: Uint8Array, start: number): number {
    return native.streamReceive(this.number, into, start);
  }

  /** How many bytes of the two, after the first `start`, were taken, or one of {@link Moved}. */
  send(head: Uint8Array, body: Uint8Array, start: number): number {
    return native.streamSend(this.number, head, body, start);
  }

  /** What the event loop shall look for; undefined leaves it as it is. */
  want({
    reads = this.#reads,
    writes = this.#writes,
  }: {
    reads?: boolean;
    writes?: boolean;
  }): void {
    if (this.#number === undefined || (reads === this.#reads && writes === this.#writes)) return;
    this.#reads = reads;
    this.#writes = writes;
    native.streamAwait(this.#number, reads, writes);
    if (reads || writes) watched.set(this.#number, this);
    else watched.delete(this.#number);
  }

  /** Whether what is wanted keeps the event loop, and so the process, alive. */
  keepLoop(keep: boolean): void {
    native.streamKeepLoop(this.number, keep);
  }

  /** In a forked child: its parent waits, this process does not. */
  forgetWaits(): void {
    this.#reads = false;
    this.#writes = false;
    for (const forget of this.onForgotten) forget();
  }

  look(): void {
    if (this.#reads) this.onReadable?.();
    if (this.#writes) this.onWritable?.();
  }

  isReady(writes = false): boolean {
    return native.waitDescriptors([this.descriptor], writes, 0)[0] === true;
  }

  /** Blocks until an attempt is worth while; throws TimeoutError when the time is over. */
  waitSync(wait: BlockingWait, writes: boolean): void {
    const leftMs = Math.max(wait.deadlineMs - performance.now(), 0);
    const [isReady] = native.waitDescriptors([this.descriptor], writes, leftMs);
    // Not ready before the deadline: the thread is told to end, and this call is its last.
    if (isReady !== true) throw timedOut(wait.what, wait.timeoutMs);
  }

  close(): void {
    const number = this.#forget();
    if (number !== undefined) native.streamClose(number);
  }

  /** Gives the descriptor away. */
  release(): number {
    const { number } = this;
    this.#forget();
    return native.streamRelease(number);
  }

  #forget(): number | undefined {
    const number = this.#number;
    if (number === undefined) return undefined;
    this.#number = undefined;
    watched.delete(number);
    collected.unregister(this);
    return number;
  }
}

/** A wait that blocks the thread, with the words for its timeout. */
export interface BlockingWait {
  readonly timeoutMs: number;
  readonly deadlineMs: number;
  readonly what: string;
}

export function blockingWait(timeoutMs: number, what: string): BlockingWait {
  return { timeoutMs, deadlineMs: performance.now() + timeoutMs, what };
}

export { Moved };
