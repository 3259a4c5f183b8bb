// What a forked child has to mend in JavaScript: what Node computed once, in another process. Each
// part is prepared in the server, so that little is left to do in the child.
import { reconsiderBackend } from '../memory/memory.js';
import { renewSelves } from '../memory/self.js';
import {
  alignCaches,
  dropAllCaches,
  dropCaches,
  leapBuiltIn,
  replaceRandom,
  reseed,
} from './randomness.js';

/** What the child gets from its parent instead of the server's. */
export interface Surroundings {
  /** NAME=value each. */
  readonly environment: readonly string[];
  readonly directory: string;
}

/** When this process was forked, on the server's clock. */
let bornMs = 0;
let hasOwnClocks = false;
/** The variables that a child finds. */
let inherited: ReadonlyMap<string, string> = new Map();

/** In the server, before any code of the user's that may keep a reference to what is replaced. */
export function prepareToFork(): void {
  replaceRandom();
  replaceClocks();
}

/** In the server, when all code of the user's has run. */
export function readyToFork(): void {
  inherited = new Map(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
  alignCaches();
}

/** In the server: does once what each child will do, so that they find the code compiled. */
export function rehearseBirth(): void {
  const environment = [...inherited].map(([name, value]) => `${name}=${value}`);
  becomeItself(process.pid, { environment, directory: process.cwd() });
  bornMs = 0;
}

/** Makes this process, which was forked from another, one of its own. */
export function becomeItself(pid: number, { environment, directory }: Surroundings): void {
  beBorn(pid);
  setEnvironment(environment);
  // Also where it is the same: Node remembers what the server asked for.
  process.chdir(directory);
  reconsiderBackend();
  reseed();
  dropCaches();
}

/** As {@link becomeItself}, where nothing was prepared: its parent was no server. */
export function becomeCopy(pid: number): void {
  if (!hasOwnClocks) replaceClocks();
  beBorn(pid);
  replaceRandom();
  leapBuiltIn();
  dropAllCaches();
}

function beBorn(pid: number): void {
  replace(process, 'pid', { value: pid, writable: true });
  process.exitCode = undefined;
  bornMs += performance.now();
  renewSelves();
}

function replace(owner: object, name: string, property: PropertyDescriptor): void {
  Object.defineProperty(owner, name, { configurable: true, enumerable: true, ...property });
}

/** `performance` and `uptime` count from the server's start. */
function replaceClocks(): void {
  hasOwnClocks = true;
  const now = performance.now.bind(performance);
  const uptime = process.uptime.bind(process);
  const origin = performance.timeOrigin;
  replace(performance, 'now', { value: () => now() - bornMs, writable: true });
  replace(performance, 'timeOrigin', { get: () => origin + bornMs });
  replace(process, 'uptime', { value: () => uptime() - bornMs / 1000, writable: true });
}

function setEnvironment(environment: readonly string[]): void {
  const wanted = new Map(environment.map(splitEntry));
  for (const name of inherited.keys()) {
    if (!wanted.has(name)) Reflect.deleteProperty(process.env, name);
  }
  for (const [name, value] of wanted) {
    // Each assignment is a call of the system's; of TZ it also resets the calendar.
    if (inherited.get(name) !== value) process.env[name] = value;
  }
}

function splitEntry(entry: string): [string, string] {
  // Windows has names that start with '='; here they cost nothing.
  const at = entry.indexOf('=', 1);
  return [entry.slice(0, at), entry.slice(at + 1)];
}
