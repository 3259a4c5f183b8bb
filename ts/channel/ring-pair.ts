// One end of a pipe within this machine: a ring to send through, a ring to receive from, and an
// object in shared memory whose holders are those of the end (native/layout/pipe_end.h). When the
// last of them has closed it, or has died, the other side comes to the end.
import { MultiprocessingError } from '../errors.js';
import { ClosedError } from '../errors.js';
import {
  attachObject,
  dropWhenUnreachable,
  openMemory,
  release,
  withdrawHandle,
} from '../memory/memory.js';
import { native, type ObjectHandle } from '../native/binding.js';
import type { CheckedWait } from '../sync/options.js';
import { deposit, fetchFrom, withdraw, type Deposit } from './deposits.js';
import type { ItemView } from './item-view.js';
import { RingReceiver } from './ring-receiver.js';
import { RingSender } from './ring-sender.js';
import { Ring } from './ring.js';
import type { ReceiveRequest, Transport } from './transport.js';

/** What may be under way in each direction, in bytes; or one message of any size, alone. */
const mostBytes = 2 ** 20;
/** What the message of a handle begins with; no value does. */
const handleMark = 0xfd;

/** An end as messages name it. */
export interface EndHandles {
  readonly end: ObjectHandle;
  readonly out?: ObjectHandle;
  readonly in?: ObjectHandle;
}

/** A shared object that this thread holds until it is released, or collected. */
class Held {
  constructor(readonly address: number) {
    dropWhenUnreachable(this, address);
  }

  release(): void {
    release(this, this.address);
  }
}

interface Parts {
  readonly end: Held;
  readonly out: Held | undefined;
  readonly in: Held | undefined;
}

/** Descriptors of ends that were collected: what they watch stays until they are closed. */
const collected = new FinalizationRegistry<{ descriptor: number; watched: Held | undefined }>(
  ({ descriptor }) => {
    native.ringDescriptorClose(descriptor);
  },
);

export class RingPair implements Transport {
  readonly #parts: Parts;
  readonly #sender: RingSender | undefined;
  readonly #receiver: RingReceiver | undefined;
  #descriptor: number | undefined;
  #isClosed = false;

  private constructor(parts: Parts) {
    this.#parts = parts;
    if (parts.out !== undefined)
      this.#sender = new RingSender(new Ring(parts.out.address), forgetHandle);
    if (parts.in === undefined) return;
    this.#receiver = new RingReceiver(new Ring(parts.in.address), () => {
      this.#rearm();
    });
  }

  /** Two connected ends; without `duplex` the first one only receives. */
  static create(duplex: boolean): [RingPair, RingPair] {
    openMemory();
    const [one, other, toOne, toOther] = native.createPipe(duplex, mostBytes);
    const held = (address: number): Held | undefined =>
      address === 0 ? undefined : new Held(address);
    return [
      new RingPair({ end: new Held(one), out: held(toOther), in: held(toOne) }),
      new RingPair({ end: new Held(other), out: held(toOne), in: held(toOther) }),
    ];
  }

  /** The end of handles that {@link RingPair.describe} made. */
  static attach(handles: EndHandles): RingPair {
    const held = (handle: ObjectHandle | undefined): Held | undefined =>
      handle === undefined ? undefined : new Held(attachObject(handle).address);
    const end = new Held(attachObject(handles.end).address);
    return new RingPair({ end, out: held(handles.out), in: held(handles.in) });
  }

  static withdraw(handles: EndHandles): void {
    for (const handle of Object.values(handles)) withdrawHandle(handle as ObjectHandle);
  }

  /**
   * Handles for another holder of this end, who may be in another process. In flight they live with
   * the thread `holder`, or with this one.
   */
  describe(holder?: number): EndHandles {
    const made: Record<string, ObjectHandle> = {};
    try {
      for (const [name, part] of Object.entries(this.#parts) as [string, Held | undefined][]) {
        if (part !== undefined) made[name] = native.describe(part.address, holder);
      }
    } catch (error) {
      RingPair.withdraw(made as unknown as EndHandles);
      throw error;
    }
    return made as unknown as EndHandles;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get isBroken(): boolean {
    return this.#receiver?.isBroken === true;
  }

  // eslint-disable-next-line @typescript-eslint/class-literal-property-style -- as the others
  get isTorn(): boolean {
    return false;
  }

  get isIdle(): boolean {
    return this.#sender?.isIdle !== false && this.#receiver?.isIdle !== false;
  }

  get descriptor(): number {
    const { in: watched } = this.#parts;
    if (watched === undefined) {
      throw new MultiprocessingError(
        'an end that only sends through shared memory has no descriptor: make the pipe with ' +
          "{ via: 'socket' }",
        { code: 'ERR_MP_DIRECTION' },
      );
    }
    if (this.#descriptor === undefined) {
      this.#descriptor = native.ringDescriptor(watched.address);
      collected.register(this, { descriptor: this.#descriptor, watched }, this);
    }
    return this.#descriptor;
  }

  sendValue(value: unknown, wait: CheckedWait): Promise<void> {
    return this.#sender!.sendValue(value, wait);
  }

  sendValueSync(value: unknown, timeoutMs: number): void {
    this.#sender!.sendValueSync(value, timeoutMs);
  }

  send(body: Uint8Array, wait: CheckedWait): Promise<void> {
    return this.#sender!.send(body, wait);
  }

  sendSync(body: Uint8Array, timeoutMs: number): void {
    this.#sender!.sendSync(body, timeoutMs);
  }

  async receiveValue(maxLength: number, wait: CheckedWait): Promise<unknown> {
    const value = this.#receiver!.receiveValue(maxLength, wait);
    return this.#descriptor === undefined ? value : await this.#looked(value);
  }

  receiveValueSync(maxLength: number, timeoutMs: number): unknown {
    const value = this.#receiver!.receiveValueSync(maxLength, timeoutMs);
    this.#rearm();
    return value;
  }

  async receive(request: ReceiveRequest, wait: CheckedWait): Promise<Uint8Array> {
    return await this.#looked(this.#receiver!.receive(request, wait));
  }

  receiveSync(request: ReceiveRequest, timeoutMs: number): Uint8Array {
    const message = this.#receiver!.receiveSync(request, timeoutMs);
    this.#rearm();
    return message;
  }

  async receiveView(maxLength: number, wait: CheckedWait): Promise<ItemView> {
    return await this.#looked(this.#receiver!.receiveView(maxLength, wait));
  }

  receiveViewSync(maxLength: number, timeoutMs: number): ItemView {
    const view = this.#receiver!.receiveViewSync(maxLength, timeoutMs);
    this.#rearm();
    return view;
  }

  async poll(wait: CheckedWait): Promise<boolean> {
    return await this.#looked(this.#receiver!.poll(wait));
  }

  pollSync(timeoutMs: number): boolean {
    const isReady = this.#receiver!.pollSync(timeoutMs);
    this.#rearm();
    return isReady;
  }

  async sendDescriptor(descriptor: number, wait: CheckedWait): Promise<void> {
    const deposited = deposit(descriptor);
    try {
      await this.send(handleMessage(deposited), wait);
    } catch (error) {
      forget(deposited);
      throw error;
    }
  }

  sendDescriptorSync(descriptor: number, timeoutMs: number): void {
    const deposited = deposit(descriptor);
    try {
      this.sendSync(handleMessage(deposited), timeoutMs);
    } catch (error) {
      forget(deposited);
      throw error;
    }
  }

  async receiveDescriptor(wait: CheckedWait): Promise<number> {
    return handleIn(await this.receive({ maxLength: Infinity }, wait));
  }

  receiveDescriptorSync(timeoutMs: number): number {
    return handleIn(this.receiveSync({ maxLength: Infinity }, timeoutMs));
  }

  duplicate(): RingPair {
    return RingPair.attach(this.describe());
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const closed = new ClosedError('the connection was closed meanwhile');
    this.#sender?.end(closed);
    this.#receiver?.end(closed);
    if (this.#descriptor !== undefined) {
      collected.unregister(this);
      native.ringDescriptorClose(this.#descriptor);
    }
    for (const part of Object.values(this.#parts) as (Held | undefined)[]) part?.release();
  }

  async #looked<T>(result: Promise<T>): Promise<T> {
    try {
      return await result;
    } finally {
      this.#rearm();
    }
  }

  /** The descriptor is to be readable only while there is something. */
  #rearm(): void {
    if (this.#descriptor === undefined || this.#isClosed || this.#receiver!.isReady) return;
    native.ringDescriptorRearm(this.#descriptor);
  }
}

function handleMessage(deposited: Deposit): Buffer {
  return Buffer.concat([Buffer.of(handleMark), Buffer.from(JSON.stringify(deposited))]);
}

function depositIn(message: Uint8Array): Deposit | undefined {
  if (message[0] !== handleMark) return undefined;
  try {
    const { office, ticket } = JSON.parse(Buffer.from(message.subarray(1)).toString()) as Deposit;
    return typeof office === 'string' && typeof ticket === 'string'
      ? { office, ticket }
      : undefined;
  } catch {
    // Bytes of the user's that begin alike.
    return undefined;
  }
}

function handleIn(message: Uint8Array): number {
  const deposited = depositIn(message);
  if (deposited !== undefined) return fetchFrom(deposited);
  throw new MultiprocessingError(
    'a message arrived where a handle was expected: the other side did not call sendHandle()',
    { code: 'ERR_MP_NO_HANDLE' },
  );
}

/** Of a message that nobody receives, if it is one of `sendHandle`. */
function forgetHandle(message: Uint8Array): void {
  const deposited = depositIn(message);
  if (deposited !== undefined) forget(deposited);
}

function forget(deposited: Deposit): void {
  const descriptor = withdraw(deposited);
  if (descriptor !== undefined) native.closeDescriptor(descriptor);
}
