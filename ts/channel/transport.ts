// What carries the messages of a Connection: a socket (message-stream.ts) or rings in shared memory
// (ring-pair.ts). Both keep the borders and the order of messages, and hear of the other side's end.
import type { CheckedWait } from '../sync/options.js';
import type { ItemView } from './item-view.js';

/** How a message is to be received. */
export interface ReceiveRequest {
  readonly maxLength: number;
  /** Where it goes if it fits; else the caller gets it in a buffer of its own. */
  readonly target?: Uint8Array | undefined;
}

export interface Transport {
  readonly isClosed: boolean;
  /** Nothing can be received any more, after a message that was refused. */
  readonly isBroken: boolean;
  /** A part of a message has been received, and not its end. */
  readonly isTorn: boolean;
  /** No message is half on its way, nobody waits: it may be given away. */
  readonly isIdle: boolean;
  /** A descriptor that can be read while there is something to receive. */
  readonly descriptor: number;

  /** Sends the value as it is now; what is in flight in it comes back when it is not sent. */
  sendValue(value: unknown, wait: CheckedWait): Promise<unknown>;
  sendValueSync(value: unknown, timeoutMs: number): void;
  receiveValue(maxLength: number, wait: CheckedWait): Promise<unknown>;
  receiveValueSync(maxLength: number, timeoutMs: number): unknown;

  send(body: Uint8Array, wait: CheckedWait): Promise<unknown>;
  sendSync(body: Uint8Array, timeoutMs: number): void;
  receive(request: ReceiveRequest, wait: CheckedWait): Promise<Uint8Array>;
  receiveSync(request: ReceiveRequest, timeoutMs: number): Uint8Array;

  /** The next message where it lies, if it does, until the view is released. */
  receiveView(maxLength: number, wait: CheckedWait): Promise<ItemView>;
  receiveViewSync(maxLength: number, timeoutMs: number): ItemView;

  sendDescriptor(descriptor: number, wait: CheckedWait): Promise<unknown>;
  sendDescriptorSync(descriptor: number, timeoutMs: number): void;
  receiveDescriptor(wait: CheckedWait): Promise<number>;
  receiveDescriptorSync(timeoutMs: number): number;

  /** Whether something can be received before the wait is over, an end included. */
  poll(wait: CheckedWait): Promise<boolean>;
  pollSync(timeoutMs: number): boolean;

  /** Another end of the same. */
  duplicate(): Transport;
  /** Rejects what waits. */
  close(): void;
}
