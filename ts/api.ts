// The public API but for contexts, which contain it.
import './channel/carried.js';
import './debug/install.js';
import './process/spawn.js';
import './process/start-forkserver.js';
import './process/start-fork.js';

export type { Address, AddressFamily } from './channel/address.js';
export type { BytesInput } from './channel/buffers.js';
export type { ClientOptions } from './channel/client.js';
export type {
  ConnectionOptions,
  IntoOptions,
  ReceiveOptions,
  SendOptions,
} from './channel/connection-options.js';
export { Connection } from './channel/connection.js';
export type { HandleInput } from './channel/handles.js';
export type { ChallengeOptions, DigestName, HandshakeConnection } from './channel/handshake.js';
export type { Listener, ListenerOptions } from './channel/listener.js';
export * as connection from './channel/namespace.js';
export { Pipe, type PipeOptions } from './channel/pipe.js';
export * as queue from './channel/queue-namespace.js';
export { JoinableQueue } from './channel/joinable-queue.js';
export { type ItemView } from './channel/item-view.js';
export { type QueueOpening, type QueueOptions } from './channel/queue-options.js';
export { Queue } from './channel/queue.js';
export { SimpleQueue } from './channel/simple-queue.js';
export { registerClass } from './codec/classes.js';
export { attach, share } from './codec/share.js';
export {
  AuthenticationError,
  BrokenBarrierError,
  BufferTooShortError,
  ClosedError,
  EOFError,
  MultiprocessingError,
  NameError,
  NotCloneableError,
  NotImportableError,
  NotOwnerError,
  OverReleaseError,
  OwnerDiedError,
  ProcessError,
  ProcessStateError,
  RemoteError,
  SystemCallError,
  TimeoutError,
  type ErrorDetails,
} from './errors.js';
export { MaybeEncodingError, WorkerLostError } from './errors/pool.js';
export { QueueEmptyError, QueueFullError, QueueShutDownError } from './errors/queue.js';
export { functionRef, functionSource, type FunctionRef } from './functions/function-ref.js';
export { type Callable } from './functions/reference.js';
export { getLogger, logToStderr } from './logging/log.js';
export type { LogHandler, Logger, LogLevel, LogLevelName, LogRecord } from './logging/logger.js';
export { type SharedHandle } from './memory/handles.js';
export { unlink, type NameOptions } from './memory/named.js';
export { type ObjectHandle } from './native/binding.js';
export { AsyncResult, type ResultCallbacks } from './pool/async-result.js';
export type { TimeBucket, TimeFigures } from './pool/figures.js';
export type { ImapIterator, Input } from './pool/imap.js';
export type {
  ApplyOptions,
  ImapOptions,
  MapAsyncOptions,
  MapOptions,
  PoolOptions,
  TaskOptions,
  TaskTarget,
} from './pool/options.js';
export { type BasePool } from './pool/base-pool.js';
export * as futures from './pool/futures/namespace.js';
export { Pool } from './pool/pool.js';
export {
  progressBar,
  type ProgressBar,
  type ProgressBarOptions,
  type ProgressStream,
} from './pool/progress-bar.js';
export { ThreadPool } from './pool/thread-pool.js';
export type { PoolStats, WorkerStats } from './pool/stats.js';
export { cpuCount } from './process/cpu-count.js';
export {
  activeChildren,
  currentProcess,
  freezeSupport,
  isMainProcess,
  parentProcess,
  type ParentProcess,
} from './process/current.js';
export { setExecutable, setForkserverPreload } from './process/executable.js';
export { type ProcessOptions } from './process/options.js';
export { Process } from './process/process.js';
export { type StartMethod } from './process/start-method.js';
export { getAllStartMethods, getStartMethod, setStartMethod } from './process/start-methods.js';
export { ThreadError, ThreadStateError } from './errors/thread.js';
export * as dummy from './pool/dummy.js';
export * as threading from './threads/namespace.js';
export { Condition } from './sync/condition.js';
export { Event } from './sync/event.js';
export { type Guard } from './sync/guard.js';
export { Lock, type LockOptions } from './sync/lock.js';
export { type AbandonedOptions, type AwaitOptions, type WaitOptions } from './sync/options.js';
export { RLock } from './sync/rlock.js';
export { RWLock, type RWLockOptions, type RWLockReader, type RWLockWriter } from './sync/rwlock.js';
export { type RWLockSide } from './sync/rwlock-sides.js';
export {
  BoundedSemaphore,
  Semaphore,
  type SemaphoreOpening,
  type SemaphoreOptions,
} from './sync/semaphore.js';
export type {
  ArrayContent,
  ArrayType,
  CharMembers,
  CodePointMembers,
} from './values/array-types.js';
export {
  RawArray,
  SharedArray,
  SharedArray as Array,
  type ArrayOpening,
  type RawArrayConstructor,
  type SharedArrayConstructor,
} from './values/array.js';
export { copy } from './values/copy.js';
export type {
  FieldCopy,
  FieldInput,
  FieldItem,
  Fields,
  FieldType,
  RecordCopy,
  RecordInput,
  RecordOf,
  StructArray,
  StructType,
} from './values/struct-types.js';
export { struct } from './values/struct.js';
export { type DataOpening } from './values/named.js';
export { synchronized, type DataOptions, type Synchronized } from './values/synchronized.js';
export { type LockForm } from './values/synchronized-class.js';
export type {
  BigIntType,
  InputOf,
  IntegerType,
  ItemOf,
  ScalarType,
  TextType,
  TypedArrayOf,
} from './values/types.js';
export type {
  IntegerValue,
  ScalarValue,
  StructValue,
  ValueInput,
  ValueType,
  WholeValue,
} from './values/value-types.js';
export {
  RawValue,
  Value,
  Value as SharedValue,
  type ValueOpening,
  type RawValueConstructor,
  type ValueConstructor,
} from './values/value.js';
export { Barrier, type BarrierOpening, type BarrierOptions } from './sync/barrier.js';
