// What is in a segment that this process only looks into (native/sync/inspect.h).

/** A thread as its process called it in its pid namespace. */
export interface SeenThread {
  readonly pid: number;
  readonly tid: number;
}

/** The words of an object in a segment that this process only looks into. */
export interface SeenObject {
  readonly offset: number;
  readonly kind: number;
  readonly low: number;
  readonly high: number;
  readonly depth: number;
  readonly maximum: number;
  readonly isRobust: boolean;
  /** Of a condition: how many wait that nobody has notified. */
  readonly waiting: number;
  readonly byteLength: number;
  readonly element: number;
  /** Of a journal. */
  readonly content?: Uint8Array;
  /** Of a lock that somebody holds, and of a journal; zeros when that thread has ended. */
  readonly owner?: SeenThread;
  readonly ownerLives: boolean;
}

/** A segment that this process only looks into. */
export interface SeenSegment {
  readonly id: string;
  /** The threads that use it. */
  readonly users: readonly SeenThread[];
  readonly objects: readonly SeenObject[];
}
