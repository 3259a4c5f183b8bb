// The public API.
export { attach, share } from './codec/share.js';
export {
  ClosedError,
  MultiprocessingError,
  NotImportableError,
  NotOwnerError,
  OverReleaseError,
  OwnerDiedError,
  SystemCallError,
  TimeoutError,
  type ErrorDetails,
} from './errors.js';
export { functionRef, functionSource, type FunctionRef } from './functions/function-ref.js';
export { type Callable } from './functions/reference.js';
export { type SharedHandle } from './memory/handles.js';
export { type ObjectHandle } from './native/binding.js';
export { Event } from './sync/event.js';
export { type Guard } from './sync/guard.js';
export { Lock, type LockOptions } from './sync/lock.js';
export { type AbandonedOptions, type AwaitOptions, type WaitOptions } from './sync/options.js';
export { RLock } from './sync/rlock.js';
export { BoundedSemaphore, Semaphore } from './sync/semaphore.js';
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
  type RawValueConstructor,
  type ValueConstructor,
} from './values/value.js';
