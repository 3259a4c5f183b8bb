// Which ways of starting a process there are, and which one is meant when nobody says.
import { invalidArgument, MultiprocessingError } from '../errors.js';
import type { Child } from './child.js';
import type { StartMethod } from './start-method.js';
import type { Identity, Parent, Task } from './task.js';

/** What a start method needs to know of a child; it adds what its kind of child needs. */
export type TaskSeed = Omit<Task, 'arena' | 'holder'>;

/** One way of starting a process. */
export interface Starter {
  /** Why it cannot be used here; undefined when it can. May try it out, once. */
  whyNot(): string | undefined;
  start(seed: TaskSeed): Child | Promise<Child>;
  startSync(seed: TaskSeed): Child;
}

/** A child that is to go on in a copy of this process. */
export interface ForkOrder {
  /** The Process that was started. */
  readonly self: object;
  readonly identity: Identity;
  readonly parent: Parent;
  readonly startMethod: StartMethod;
}

/** A way of starting a process that needs no message for it. */
export interface Forker extends Pick<Starter, 'whyNot'> {
  fork(order: ForkOrder): Promise<Child>;
}

/** All methods; those that work are offered in this order, the default first. */
const order: readonly StartMethod[] = ['forkserver', 'fork', 'spawn'];
/** `fork` is never a default: a copy of a running program is for those who ask for it. */
const defaults: readonly StartMethod[] = ['forkserver', 'spawn'];

const starters = new Map<StartMethod, Starter>();
const forkers = new Map<StartMethod, Forker>();
let chosen: StartMethod | undefined;

/** Called once by the file that implements a method. */
export function addStarter(method: StartMethod, starter: Starter): void {
  starters.set(method, starter);
}

/** As {@link addStarter}, of a method that copies this process. */
export function addForker(method: StartMethod, forker: Forker): void {
  forkers.set(method, forker);
}

function isMethod(value: unknown): value is StartMethod {
  return (order as readonly unknown[]).includes(value);
}

const whyNot = (method: StartMethod): string | undefined => {
  const starter = starters.get(method) ?? forkers.get(method);
  return starter === undefined ? 'this platform does not have it' : starter.whyNot();
};

function wrongMethod(message: string): MultiprocessingError {
  return new MultiprocessingError(message, { code: 'ERR_MP_START_METHOD' });
}

/** The name of a method that works here, or an error. */
export function checkMethod(method: unknown): StartMethod {
  if (typeof method !== 'string') throw invalidArgument('a start method is a string');
  if (!isMethod(method)) {
    throw wrongMethod(
      `cannot find context for ${JSON.stringify(method)}: start methods are ` +
        getAllStartMethods().join(', '),
    );
  }
  const reason = whyNot(method);
  if (reason !== undefined) throw wrongMethod(`start method ${method} cannot be used: ${reason}`);
  return method;
}

/** The way to fork this process, if that is the method; the default one when undefined. */
export function forkerOf(method: StartMethod | undefined): Forker | undefined {
  return forkers.get(method ?? currentMethod());
}

/** The way to start a process by a method; the default one when undefined. */
export function starterOf(method: StartMethod | undefined): Starter {
  return starters.get(method ?? currentMethod())!;
}

function currentMethod(): StartMethod {
  chosen ??= defaultMethod();
  return chosen;
}

function defaultMethod(): StartMethod {
  const wanted = process.env.NODE_MULTIPROCESSING_START_METHOD;
  if (wanted !== undefined && wanted !== '') return checkMethod(wanted);
  return defaults.find((method) => whyNot(method) === undefined) ?? 'spawn';
}

/**
 * The start methods that work here, the default one first.
 *
 * @public
 */
export function getAllStartMethods(): StartMethod[] {
  return order.filter((method) => whyNot(method) === undefined);
}

/**
 * The start method of processes that do not say. Asking for it fixes it.
 *
 * @param options - `allowNone`: null when it is not fixed yet, instead of fixing it
 *
 * @public
 */
export function getStartMethod(options: { readonly allowNone: true }): StartMethod | null;
/**
 * As above; the method is fixed then.
 *
 * @public
 */
export function getStartMethod(options?: { readonly allowNone?: false | undefined }): StartMethod;
export function getStartMethod(
  options: {
    readonly allowNone?: boolean | undefined;
  } = {},
): StartMethod | null {
  return options.allowNone === true ? (chosen ?? null) : currentMethod();
}

/**
 * Sets the start method of processes that do not say, once per program: in the main module, inside
 * its guard.
 *
 * @param method - null, with `force`, takes the choice back
 * @param options - `force`: also when it is set already
 * @throws MultiprocessingError `ERR_MP_START_METHOD` when it is set already, unknown, or does not
 * work here
 *
 * @public
 */
export function setStartMethod(
  method: StartMethod | null,
  options: { readonly force?: boolean | undefined } = {},
): void {
  if (chosen !== undefined && options.force !== true) {
    throw wrongMethod('the start method has already been set: pass { force: true } to change it');
  }
  chosen = method === null && options.force === true ? undefined : checkMethod(method);
}

/** A child goes on with its parent's method. */
export function inheritMethod(method: StartMethod): void {
  if (starters.has(method) || forkers.has(method)) chosen = method;
}

/** The method that a child inherits. */
export function methodForChild(method: StartMethod | undefined): StartMethod {
  return chosen ?? method ?? currentMethod();
}
