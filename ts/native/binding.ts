// The addon: the only file that loads it, its typed interface, and how its failures become errors.
import { join } from 'node:path';
import loadAddon = require('node-gyp-build');

import { MultiprocessingError, SystemCallError } from '../errors.js';
import type { PipeNative } from './pipes.js';
import type { ForkNative, SpawnRequest } from './requests.js';
import type { SeenSegment } from './seen.js';
import type { NativeThreads } from './threads.js';

export type {
  ForkedSelf,
  ForkReply,
  ForkRequest,
  ForkserverRequest,
  SpawnRequest,
} from './requests.js';

/** Kinds of shared objects; the numbers are `ObjectKind` of native/layout/sync_object.h. */
export const ObjectKind = {
  lock: 1,
  rlock: 2,
  semaphore: 3,
  value: 4,
  array: 5,
  condition: 6,
  event: 7,
  barrier: 8,
  rwlock: 9,
  queue: 10,
  name: 12,
  journal: 13,
  pipeEnd: 14,
} as const;
export type ObjectKind = (typeof ObjectKind)[keyof typeof ObjectKind];

/** What data consists of; the numbers are `ElementType` of native/layout/data_block.h. */
export const ElementType = {
  int8: 1,
  uint8: 2,
  int16: 3,
  uint16: 4,
  int32: 5,
  uint32: 6,
  int64: 7,
  uint64: 8,
  float32: 9,
  float64: 10,
  char: 11,
  codePoint: 12,
  record: 13,
} as const;
export type ElementType = (typeof ElementType)[keyof typeof ElementType];

/** Results of native calls; the numbers are `Outcome` of native/sync/waiter.h. */
export const Outcome = {
  acquired: 0,
  busy: 1,
  deadlock: 2,
  notHeld: 3,
  notOwner: 4,
  released: 5,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/** What became of a party at a barrier; the numbers are `BarrierResult` of native/sync/barrier.h. */
export const BarrierResult = { waiting: 0, passed: 1, broken: 2, act: 3, noActor: 4 } as const;
export type BarrierResult = (typeof BarrierResult)[keyof typeof BarrierResult];

/**
 * Where a shared object is, in a form that another process understands.
 *
 * @public
 */
export interface ObjectHandle {
  /** Id of the shared memory, in hexadecimal. */
  readonly segment: string;
  /** A process that has it open. */
  readonly pid: number;
  /** The descriptor under which that process has it open. */
  readonly descriptor: number;
  /** Where the object starts in it, in bytes. */
  readonly offset: number;
  /** What kind of object it is. */
  readonly kind: number;
  /** Tells the object from an earlier one in its place. */
  readonly serial: number;
  /** The thread, or the ring, with whose end the handle stops keeping the object alive. */
  readonly holder: number;
  /** Tells this handle from others of the same thread; it keeps the object until it is attached. */
  readonly token: number;
}

/** Numbers of the shared layout, from native/layout. Offsets are in bytes. */
export interface LayoutConstants {
  readonly layoutVersion: number;
  readonly windowBytes: number;
  readonly granule: number;
  readonly idMask: number;
  readonly waiters: number;
  readonly abandoned: number;
  readonly pending: number;
  readonly awaited: number;
  readonly countMax: number;
  readonly robust: number;
  readonly conditionBytes: number;
  readonly eventSet: number;
  readonly eventSequence: number;
  readonly stateLow: number;
  readonly stateHigh: number;
  readonly flags: number;
  readonly depth: number;
  readonly maximum: number;
  readonly hasAction: number;
  readonly broken: number;
  readonly maxParties: number;
  readonly barrierArrivals: number;
  readonly robustUnits: number;
  readonly rwlockWriter: number;
  readonly rwlockTorn: number;
  readonly rwlockClaimed: number;
  readonly rwlockCells: number;
  readonly blockData: number;
  readonly ringPutChunk: number;
  readonly ringGetChunk: number;
  readonly ringMaximum: number;
  readonly ringShutDown: number;
  readonly chunkBytes: number;
  readonly chunkData: number;
  readonly versionInHeader: number;
}

/** State of the memory that this process shares with its tree. */
export interface TreeInfo {
  readonly descriptor: number;
  readonly id: string;
  readonly capacity: number;
  readonly committedBytes: number;
  readonly usedBytes: number;
}

/** What is in the file of a name. */
export interface NamedContent {
  /** Id of the segment, in hexadecimal. */
  readonly segment: string;
  readonly descriptor: number;
  /** JSON that says what the objects are. */
  readonly root: string;
  /** Where they are in the segment, in their order. */
  readonly offsets: readonly number[];
}

/** What the header of a block of data says. */
export interface BlockInfo {
  readonly element: number;
  readonly byteLength: number;
}

/** How a process ended: with `code`, or by `signal` when that is not 0. */
export interface ExitStatus {
  readonly code: number;
  readonly signal: number;
}

/** Results of attempts to move bytes through a socket that moved none; else their number. */
export const Moved = { notNow: -1, ended: -2 } as const;

/** Where a socket is bound. */
export interface SocketAddress {
  readonly family: 'path' | 'abstract' | 'internet';
  /** The path, the abstract name without its leading NUL, or the numeric host. */
  readonly name: Uint8Array;
  readonly port: number;
}

type ErrorFactory = (
  code: string,
  message: string,
  details: { errno?: number; syscall?: string },
) => Error;

/** The addon's functions; each is documented where it is defined, in native/napi. */
export interface Native extends ForkNative, NativeThreads, PipeNative {
  readonly constants: LayoutConstants;
  setErrorFactory(factory: ErrorFactory): void;

  openTree(): void;
  treeInfo(): TreeInfo;
  useWindow(window: Uint8Array): void;
  chunk(address: number, length: number): ArrayBuffer;
  bytes(address: number, length: number): ArrayBuffer;
  preferLargePages(bytes: Uint8Array): void;
  expectLargeBlocks(): void;
  allocate(sizeBytes: number): number;
  free(address: number): boolean;
  createObject(
    kind: ObjectKind,
    flags: number,
    maximum: number,
    low: number,
    sizeBytes?: number,
  ): number;
  createBlock(kind: ObjectKind, element: ElementType, byteLength: number): number;
  blockAt(address: number): BlockInfo;
  detach(buffer: ArrayBuffer): void;
  segmentAt(address: number): number;
  placeOf(address: number): { readonly segment: string; readonly offset: number };
  selfAt(address: number): number;
  attachSegment(id: string, pid: number, descriptor: number): number;

  namedCreate(
    name: string,
    mode: number,
    root: string,
    addresses: readonly number[],
  ): NamedContent | undefined;
  namedOpen(name: string, ownOnly: boolean): NamedContent | undefined | false;
  namedRemove(name: string): boolean;
  namedList(): string[];
  namedSweep(name: string): 'removed' | 'used' | 'gone' | 'unknown';
  inspect(name: string): SeenSegment | undefined;
  inspect(pid: number, descriptor: number): SeenSegment | undefined;

  describe(address: number, holder?: number): ObjectHandle;
  attach(address: number, kind: number, serial: number, holder: number, token: number): boolean;
  withdraw(address: number, kind: number, serial: number, holder: number, token: number): boolean;
  drop(address: number): boolean;
  sweep(): number;

  lockTryAcquire(address: number): Outcome;
  lockAcquire(address: number, timeoutMs: number): Outcome;
  lockRelease(address: number): Outcome;
  /** Of a Lock or RLock: the pid of its owner's process; 0: nobody, -1: the owner has ended. */
  lockOwner(address: number, kind: ObjectKind): number;
  rlockTryAcquire(address: number): Outcome;
  rlockAcquire(address: number, timeoutMs: number): Outcome;
  rlockRelease(address: number): Outcome;
  rlockTryAwaited(address: number): Outcome;
  rlockReleaseAwaited(address: number): Outcome;
  rlockReleaseAll(address: number): number;
  rlockAcquireAll(address: number, depth: number): Outcome;
  rlockTakeOver(address: number, depth: number): Outcome;
  semaphoreTryAcquire(address: number): Outcome;
  semaphoreAcquire(address: number, timeoutMs: number): Outcome;
  semaphoreRelease(address: number, count: number): Outcome;
  semaphoreNotify(address: number): void;
  semaphoreFree(address: number): number;
  conditionEnter(address: number): number;
  conditionBlock(address: number, ticket: number, timeoutMs: number): Outcome;
  conditionLeave(address: number, ticket: number): void;
  conditionNotify(address: number, count: number): void;
  conditionWaiting(address: number): number;
  eventSet(address: number): void;
  eventWait(address: number, timeoutMs: number): Outcome;

  rwlockCell(address: number): number;
  rwlockReadTry(address: number): Outcome;
  rwlockReadAcquire(address: number, timeoutMs: number): Outcome;
  rwlockReadRelease(address: number): Outcome;
  rwlockNudge(address: number): void;
  rwlockReaders(address: number): number;
  rwlockWriteTry(address: number, isReserved: boolean): Outcome;
  rwlockWriteAcquire(address: number, isReserved: boolean, timeoutMs: number): Outcome;
  rwlockWriteRelease(address: number): Outcome;

  nextChildNumber(): number;
  spawn(request: SpawnRequest): number;
  onChild(callback: (child: number) => void): void;
  childPid(child: number): number;
  childStatus(child: number): ExitStatus | undefined;
  childWait(child: number, timeoutMs: number): void;
  childSignal(child: number, signal: number): void;
  childSentinel(child: number): number;
  childNews(child: number): { readonly hasStarted: boolean; readonly hasResult: boolean };
  childResult(child: number): Uint8Array;
  childKeepLoop(child: number, keep: boolean): void;
  childForget(child: number): void;

  takeTask(control: number, mailbox: number, parent: number): Uint8Array;
  tellStarted(): void;
  leaveResult(bytes: Uint8Array, tickets: readonly Uint8Array[]): void;
  watchParent(pid: number): number;
  barrierWait(address: number, canAct: boolean, timeoutMs: number): number;
  barrierArrive(
    address: number,
    canAct: boolean,
  ): [result: BarrierResult, index: number, round: number, resets: number, isInside: boolean];
  barrierLook(
    address: number,
    canAct: boolean,
    index: number,
    round: number,
    resets: number,
  ): BarrierResult;
  barrierComplete(address: number, round: number): BarrierResult;
  barrierBreak(address: number, round: number): boolean;
  barrierAbort(address: number): void;
  barrierReset(address: number): void;

  onStream(callback: (stream: number) => void): void;
  streamAdopt(descriptor: number): number;
  streamDuplicate(descriptor: number): number;
  streamPair(): [number, number];
  streamDescriptor(stream: number): number;
  isStreamSocket(descriptor: number): boolean;
  streamReceive(stream: number, into: Uint8Array, start: number): number;
  streamSend(stream: number, head: Uint8Array, body: Uint8Array, start: number): number;
  streamSendDescriptor(stream: number, descriptor: number): number;
  streamReceiveDescriptor(stream: number): { readonly moved: number; readonly descriptor: number };
  streamAwait(stream: number, reads: boolean, writes: boolean): void;
  streamKeepLoop(stream: number, keep: boolean): void;
  streamClose(stream: number): void;
  streamRelease(stream: number): number;
  closeDescriptor(descriptor: number): void;
  depositDescriptor(descriptor: number): { readonly office: string; readonly ticket: Uint8Array };
  withdrawDescriptor(ticket: Uint8Array): number;
  fetchDescriptor(office: string, ticket: Uint8Array): number;
  waitDescriptors(descriptors: readonly number[], writes: boolean, timeoutMs: number): boolean[];

  socketListen(address: SocketAddress, backlog: number): number;
  socketAccept(
    stream: number,
  ): { readonly stream: number; readonly peer: SocketAddress } | undefined;
  socketConnect(
    address: SocketAddress,
  ): { readonly stream: number; readonly isConnected: boolean } | undefined;
  socketFinishConnect(stream: number): void;
  socketAddress(stream: number): SocketAddress;

  /** Fills the array with random bytes. */
  randomBytes(array: Uint32Array): void;

  createRing(mostItems: number, mostBytes: number): number;
  ringBeginPut(address: number, bytes: number, timeoutMs: number): number;
  ringEndPut(address: number, bytes: number, tag: number): void;
  ringFinishPut(address: number): void;
  ringBeginGet(address: number, timeoutMs: number, discarded: boolean): number;
  ringEndGet(address: number): void;
  ringFinishGet(address: number): void;
  ringShutDown(address: number, discard: boolean): void;
  ringKeeper(address: number): number | undefined;
  ringCount(address: number): number;
  ringTaskDone(address: number): boolean;
  ringUnfinished(address: number): number;
  ringJoin(address: number, timeoutMs: number): boolean;

  onReady(callback: (ticket: number) => void): void;
  watch(address: number, kind: ObjectKind, ticket: number, detail: number): boolean;
  attempt(ticket: number): Outcome;
  rearm(ticket: number): boolean;
  cancel(ticket: number, withdraw: boolean): void;
  hubThreads(): number;
}

/** The addon of this thread. */
export const native = loadAddon(join(__dirname, '..', '..')) as Native;

native.setErrorFactory((code, message, { errno, syscall }) => {
  if (errno === undefined || syscall === undefined)
    return new MultiprocessingError(message, { code });
  const systemCall = new SystemCallError(message, { errno, syscall });
  if (code === systemCall.code) return systemCall;
  return new MultiprocessingError(message, { code, cause: systemCall });
});
