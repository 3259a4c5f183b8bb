// What a forked child has to mend in JavaScript: what Node computed once, in another process.
import { renewSelves } from '../memory/self.js';
import { isLoaded } from './inherited.js';
import { reseed } from './randomness.js';

interface Crypto {
  randomInt(max: number): number;
  randomUUID(): string;
}

/** What the child gets from its parent instead of the server's. */
export interface Surroundings {
  /** NAME=value each. */
  readonly environment: readonly string[];
  readonly directory: string;
}

/** How many values node:crypto draws in advance and would give to each sibling alike. */
const cachedUuids = 128;
const cachedInts = 1024;

/** Makes this process, which was forked from another, one of its own. */
export function becomeItself(pid: number, surroundings?: Surroundings): void {
  define(process, 'pid', pid);
  process.exitCode = undefined;
  resetClocks();
  renewSelves();
  if (surroundings !== undefined) {
    setEnvironment(surroundings.environment);
    // Also where it is the same: Node remembers what the server asked for.
    process.chdir(surroundings.directory);
  }
  reseed();
  dropCachedRandomness();
}

function define(owner: object, name: string, value: unknown): void {
  Object.defineProperty(owner, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

/** `performance` and `uptime` count from the server's start. */
function resetClocks(): void {
  const bornMs = performance.now();
  const bornSeconds = process.uptime();
  const now = performance.now.bind(performance);
  const uptime = process.uptime.bind(process);
  define(performance, 'timeOrigin', performance.timeOrigin + bornMs);
  define(performance, 'now', () => now() - bornMs);
  define(process, 'uptime', () => uptime() - bornSeconds);
}

function setEnvironment(environment: readonly string[]): void {
  const wanted = new Map(environment.map((entry) => splitEntry(entry)));
  for (const name of Object.keys(process.env)) {
    if (!wanted.has(name)) Reflect.deleteProperty(process.env, name);
  }
  for (const [name, value] of wanted) {
    // Each assignment is a call of the system's; of TZ it also resets the calendar.
    if (process.env[name] !== value) process.env[name] = value;
  }
}

function splitEntry(entry: string): [string, string] {
  // Windows has names that start with '='; here they cost nothing.
  const at = entry.indexOf('=', 1);
  return [entry.slice(0, at), entry.slice(at + 1)];
}

function dropCachedRandomness(): void {
  // Only what has been loaded can have drawn anything; loading it would cost more than all else.
  if (!isLoaded('NativeModule internal/crypto/random')) return;
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- see above: not at the top
  const crypto = require('node:crypto') as Crypto;
  for (let i = 0; i < cachedUuids; i += 1) crypto.randomUUID();
  for (let i = 0; i < cachedInts; i += 1) crypto.randomInt(2);
}
