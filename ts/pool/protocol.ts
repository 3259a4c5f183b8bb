// The messages between a pool and its workers: a head (channel/ring.ts), then a payload.
//
//   TO THE WORKER | id   | detail          | first       | payload
//   --------------+------+-----------------+-------------+--------------------------------------
//   definition    | 0    | Form.definition | function    | a FunctionReference, as JSON
//   task          | task | another form,   | function    | the arguments, as the form says
//                 |      | flags           |             |
//
//   TO THE POOL   | id   | detail          | first, second                | payload
//   --------------+------+-----------------+------------------------------+---------------------
//   ready         | 0    | Kind.ready      |                              |
//   outcome       | task | another kind    | when it began, how long it   | as the kind says
//                 |      |                 | took, in ms                  |

/** What the payload of a task is. */
export const Form = {
  definition: 0,
  /** Nothing: there are no arguments. */
  bare: 1,
  /** The only argument. */
  single: 2,
  /** An array of arguments. */
  list: 3,
  /** An array of items, each the only argument of one call. */
  items: 4,
  /** The same as numbers: a Float64Array. */
  numbers: 5,
  /** An array of arrays of arguments. */
  argumentLists: 6,
} as const;
export type Form = (typeof Form)[keyof typeof Form];

/** The bits of `detail` that are the form. */
export const formMask = 0xff;
/** The time of each item counts, not that of the chunk. */
export const timesItems = 0x100;
/** Each item has an outcome of its own: the payload of `Kind.outcomes`. */
export const settlesItems = 0x200;

/** What became of a task. */
export const Kind = {
  ready: 0,
  /** What the function returned. */
  value: 1,
  /** What it returned for each item, as an array, or as a Float64Array. */
  values: 2,
  numbers: 3,
  /** For each item [true, value] or [false, what it threw]. */
  outcomes: 4,
  /** What the function threw. */
  error: 5,
  /** The worker does not know the function; it has not begun. */
  unknownFunction: 6,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

export type Outcome = readonly [isValue: boolean, value: unknown];

/** A function that a task calls. */
export type TaskFunction = (...args: readonly unknown[]) => unknown;

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
