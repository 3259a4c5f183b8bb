// The errors of the package. Each has a stable `code`; messages may change.

/**
 * What a {@link MultiprocessingError} is made of.
 *
 * @public
 */
export interface ErrorDetails {
  /** Stable name of the kind of error, `ERR_MP_…`. */
  readonly code: string;
  /** What led to it. */
  readonly cause?: unknown;
}

/**
 * Base class of all errors of this package.
 *
 * @public
 */
export class MultiprocessingError extends Error {
  /** Stable name of the kind of error, `ERR_MP_…`. */
  readonly code: string;

  /**
   * @param message - what went wrong and what to do
   * @param details - `code`, and optionally `cause`
   */
  constructor(message: string, details: ErrorDetails) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = details.code;
  }

  static {
    setName(this, 'MultiprocessingError');
  }
}

/**
 * A wait passed its timeout where the result cannot say so: a guard, or `runExclusive`.
 * (`acquire` returns false instead.) `code` is `ERR_MP_TIMEOUT`.
 *
 * @public
 */
export class TimeoutError extends MultiprocessingError {
  /**
   * @param message - what was waited for, and how long
   * @param details - for errors that say more about the object
   */
  constructor(message: string, details: ErrorDetails = { code: 'ERR_MP_TIMEOUT' }) {
    super(message, details);
  }

  static {
    setName(this, 'TimeoutError');
  }
}

/**
 * Release of a lock that nobody holds, or of a semaphore beyond its maximum. Nothing was changed.
 * `code` is `ERR_MP_OVER_RELEASE`.
 *
 * @public
 */
export class OverReleaseError extends MultiprocessingError {
  /** @param message - what was released */
  constructor(message: string) {
    super(message, { code: 'ERR_MP_OVER_RELEASE' });
  }

  static {
    setName(this, 'OverReleaseError');
  }
}

/**
 * An object that only its owner may release was released by another. `code` is
 * `ERR_MP_NOT_OWNER`.
 *
 * @public
 */
export class NotOwnerError extends MultiprocessingError {
  /** @param message - what was released, and by whom */
  constructor(message: string) {
    super(message, { code: 'ERR_MP_NOT_OWNER' });
  }

  static {
    setName(this, 'NotOwnerError');
  }
}

/**
 * A barrier is broken: a party timed out, was aborted or died while it waited, the action failed,
 * or somebody called `abort()` or `reset()`. `code` is `ERR_MP_BROKEN_BARRIER`.
 *
 * @public
 */
export class BrokenBarrierError extends MultiprocessingError {
  /** @param message - what broke it, as far as that is known here */
  constructor(message: string) {
    super(message, { code: 'ERR_MP_BROKEN_BARRIER' });
  }

  static {
    setName(this, 'BrokenBarrierError');
  }
}

/**
 * With `onAbandoned: 'throw'`: the previous owner ended while it held the lock, so what the lock
 * protects may be half-changed. The lock has been released again. `code` is `ERR_MP_OWNER_DIED`.
 *
 * @public
 */
export class OwnerDiedError extends MultiprocessingError {
  /** @param message - which kind of object it was */
  constructor(message: string) {
    super(message, { code: 'ERR_MP_OWNER_DIED' });
  }

  static {
    setName(this, 'OwnerDiedError');
  }
}

/**
 * Something was used after its `close()`. `code` is `ERR_MP_CLOSED`.
 *
 * @public
 */
export class ClosedError extends MultiprocessingError {
  /** @param message - what is closed */
  constructor(message: string) {
    super(message, { code: 'ERR_MP_CLOSED' });
  }

  static {
    setName(this, 'ClosedError');
  }
}

/**
 * A function or class cannot be found by another process: no module exports it, or not under that
 * name. The message says which, where it is defined, and what to do. `code` is
 * `ERR_MP_NOT_IMPORTABLE`.
 *
 * @public
 */
export class NotImportableError extends MultiprocessingError {
  /**
   * @param message - which function, where it is defined, and why it cannot be sent
   * @param details - what led to it
   */
  constructor(message: string, details: { cause?: unknown } = {}) {
    super(message, { code: 'ERR_MP_NOT_IMPORTABLE', ...details });
  }

  static {
    setName(this, 'NotImportableError');
  }
}

/**
 * The operating system refused a call. `code` is `ERR_MP_SYSTEM_CALL`.
 *
 * @public
 */
export class SystemCallError extends MultiprocessingError {
  /** The error number, as in `os.constants.errno`. */
  readonly errno: number;
  /** The call's name, such as `mmap`. */
  readonly syscall: string;

  /**
   * @param message - what could not be done
   * @param details - `errno` and `syscall`
   */
  constructor(message: string, details: { errno: number; syscall: string }) {
    super(message, { code: 'ERR_MP_SYSTEM_CALL' });
    this.errno = details.errno;
    this.syscall = details.syscall;
  }

  static {
    setName(this, 'SystemCallError');
  }
}

/**
 * A process ended before its target returned: it exited, was killed by a signal, or had nothing left
 * to do. `code` is `ERR_MP_PROCESS`.
 *
 * @public
 */
export class ProcessError extends MultiprocessingError {
  /** The exit code; negative when a signal ended the process, as in `process.exitCode`. */
  readonly exitCode: number;
  /** Name of the signal that ended it, or null. */
  readonly signal: NodeJS.Signals | null;

  /**
   * @param message - which process, and how it ended
   * @param details - `exitCode` and `signal`
   */
  constructor(message: string, details: { exitCode: number; signal: NodeJS.Signals | null }) {
    super(message, { code: 'ERR_MP_PROCESS' });
    this.exitCode = details.exitCode;
    this.signal = details.signal;
  }

  static {
    setName(this, 'ProcessError');
  }
}

/**
 * An error that another process threw, of a class that this one does not know. It has the `name`,
 * the message, the stack, the cause and the own properties of the original. `code` is
 * `ERR_MP_REMOTE` unless the original had one.
 *
 * @public
 */
export class RemoteError extends MultiprocessingError {
  /** @param message - the message of the original */
  constructor(message: string) {
    super(message, { code: 'ERR_MP_REMOTE' });
  }

  static {
    setName(this, 'RemoteError');
  }
}

/**
 * A value cannot go to another process: it is, or contains, something that structured clone
 * refuses, such as a Promise. `code` is `ERR_MP_NOT_CLONEABLE`.
 *
 * @public
 */
export class NotCloneableError extends MultiprocessingError {
  /**
   * @param message - where in the value it is, and what
   * @param details - `cause`: what structured clone said
   */
  constructor(message: string, details: { cause?: unknown } = {}) {
    super(message, { code: 'ERR_MP_NOT_CLONEABLE', ...details });
  }

  static {
    setName(this, 'NotCloneableError');
  }
}

/**
 * A process was used in a state in which that makes no sense: started twice, joined before its
 * start, closed while it runs. `code` is `ERR_MP_PROCESS_STATE`.
 *
 * @public
 */
export class ProcessStateError extends MultiprocessingError {
  /** @param message - what was tried, and when it may be */
  constructor(message: string) {
    super(message, { code: 'ERR_MP_PROCESS_STATE' });
  }

  static {
    setName(this, 'ProcessStateError');
  }
}

/**
 * An object cannot be opened by its name, or its name cannot be removed. `code` is
 * `ERR_MP_NAME_NOT_FOUND`, `ERR_MP_NAME_EXISTS`, `ERR_MP_NAME_TYPE` or `ERR_MP_NAME_OWNER`.
 *
 * @public
 */
export class NameError extends MultiprocessingError {
  /** The name. */
  readonly objectName: string;

  /**
   * @param message - what is the matter with the name
   * @param details - `code` and `objectName`
   */
  constructor(message: string, { code, objectName }: { code: string; objectName: string }) {
    super(message, { code });
    this.objectName = objectName;
  }

  static {
    setName(this, 'NameError');
  }
}

/**
 * The other side of a connection is gone, by whatever way: nothing more will come, or be read.
 * `code` is `ERR_MP_EOF`.
 *
 * @public
 */
export class EOFError extends MultiprocessingError {
  /** @param message - whether it ended between two messages or within one */
  constructor(message: string) {
    super(message, { code: 'ERR_MP_EOF' });
  }

  static {
    setName(this, 'EOFError');
  }
}

/**
 * A message is longer than the buffer that it was to go into. It has been received: `bytes` is the
 * whole of it. `code` is `ERR_MP_BUFFER_TOO_SHORT`.
 *
 * @public
 */
export class BufferTooShortError extends MultiprocessingError {
  /** The message. */
  readonly bytes: Uint8Array;

  /**
   * @param message - how long the message is, and how much room there was
   * @param details - `bytes`: the message
   */
  constructor(message: string, details: { bytes: Uint8Array }) {
    super(message, { code: 'ERR_MP_BUFFER_TOO_SHORT' });
    this.bytes = details.bytes;
    // Not in what the console prints: it may be large.
    Object.defineProperty(this, 'bytes', { enumerable: false });
  }

  static {
    setName(this, 'BufferTooShortError');
  }
}

/**
 * The other side of a connection did not prove that it has the key, or refused the proof of this
 * one. `code` is `ERR_MP_AUTHENTICATION`.
 *
 * @public
 */
export class AuthenticationError extends MultiprocessingError {
  /**
   * @param message - which step failed
   * @param details - `cause`, when the connection failed meanwhile
   */
  constructor(message: string, details: { cause?: unknown } = {}) {
    super(message, { code: 'ERR_MP_AUTHENTICATION', ...details });
  }

  static {
    setName(this, 'AuthenticationError');
  }
}

/** On the prototype, as Error's own: so that it shows in stacks but not among own properties. */
export function setName(errorClass: { prototype: Error }, name: string): void {
  Object.defineProperty(errorClass.prototype, 'name', {
    value: name,
    writable: true,
    configurable: true,
  });
}

/** A TypeError with Node's code for an argument of the wrong type. */
export function invalidArgument(message: string): TypeError {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
}

/** A RangeError with Node's code for an argument out of range. */
export function outOfRange(message: string): RangeError {
  return Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' });
}
