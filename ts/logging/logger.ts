// The log of the library, and of programs that want to write into it: levels and handlers as in
// CPython's logging, of which multiprocessing uses this much.
import { invalidArgument } from '../errors.js';

/**
 * The names of levels, from the most talkative. `'notset'` is as `'warning'`; `'subdebug'` and
 * `'subwarning'` are those that CPython's multiprocessing adds.
 *
 * @public
 */
export type LogLevelName =
  'notset' | 'subdebug' | 'debug' | 'info' | 'subwarning' | 'warning' | 'error' | 'critical';

/** Levels by name; the numbers are CPython's. */
const levels: Readonly<Record<LogLevelName, number>> = {
  notset: 0,
  subdebug: 5,
  debug: 10,
  info: 20,
  subwarning: 25,
  warning: 30,
  error: 40,
  critical: 50,
};

/**
 * A level: its name, or a whole number of 0 or more, as in CPython (10 is `'debug'`, 20 `'info'`, 30
 * `'warning'`).
 *
 * @public
 */
export type LogLevel = LogLevelName | number;

/**
 * One message of a log.
 *
 * @public
 */
export interface LogRecord {
  /** Its level as a number. */
  readonly level: number;
  /** Its level in capitals; `Level 7` when it has no name. */
  readonly levelName: string;
  /** What happened. */
  readonly message: string;
  /** Name of the process that wrote it, such as `MainProcess`. */
  readonly processName: string;
  /** Name of the thread in it, such as `MainThread`. */
  readonly threadName: string;
  /** Of that process. */
  readonly pid: number;
  /** In ms since 1970. */
  readonly time: number;
}

/**
 * Takes the messages of a log.
 *
 * @public
 */
export type LogHandler = (record: LogRecord) => void;

let processName = (): string => 'MainProcess';
let threadName = (): string => 'MainThread';

/** Says how this process is called; by the layer that knows. */
export function nameLogs(name: () => string): void {
  processName = name;
}

/** The same for the thread. */
export function nameLogsOfThread(name: () => string): void {
  threadName = name;
}

/**
 * A log: messages of its level and above go to all of its handlers. Made by {@link getLogger}.
 *
 * @public
 */
export class Logger {
  readonly #handlers = new Set<LogHandler>();
  readonly #onChange: () => void;
  #level = levels.notset;

  /**
   * By `getLogger()` only.
   *
   * @internal
   */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** The level that was set; 0 when none was. */
  get level(): number {
    return this.#level;
  }

  /** The level that counts: 30, `'warning'`, when none was set. */
  get effectiveLevel(): number {
    return this.#level === levels.notset ? levels.warning : this.#level;
  }

  /**
   * Sets the level, also for the children that this process starts from now on.
   *
   * @throws TypeError when it is no level
   */
  setLevel(level: LogLevel): void {
    this.#level = levelNumber(level);
    this.#onChange();
  }

  /** Whether messages of a level go anywhere. */
  isEnabledFor(level: LogLevel): boolean {
    return this.#handlers.size > 0 && levelNumber(level) >= this.effectiveLevel;
  }

  /** Sends messages to a handler too, of this thread only. */
  addHandler(handler: LogHandler): void {
    if (typeof (handler as unknown) !== 'function') {
      throw invalidArgument('a log handler is a function');
    }
    this.#handlers.add(handler);
  }

  /** Sends it no more. */
  removeHandler(handler: LogHandler): void {
    this.#handlers.delete(handler);
  }

  /** A message for whoever looks for a fault. */
  debug(message: string): void {
    this.log(levels.debug, message);
  }

  /** A message about what happens as it should. */
  info(message: string): void {
    this.log(levels.info, message);
  }

  /** A message about what may be wrong. */
  warning(message: string): void {
    this.log(levels.warning, message);
  }

  /** A message about what is wrong. */
  error(message: string): void {
    this.log(levels.error, message);
  }

  /** A message of any level. */
  log(level: LogLevel, message: string): void {
    const number = levelNumber(level);
    if (!this.isEnabledFor(number)) return;
    const record = {
      level: number,
      levelName: levelName(number),
      message,
      processName: processName(),
      threadName: threadName(),
      pid: process.pid,
      time: Date.now(),
    };
    for (const handler of this.#handlers) handler(record);
  }
}

function levelNumber(level: unknown): number {
  if (typeof level === 'number' && Number.isInteger(level) && level >= 0) return level;
  if (typeof level === 'string' && Object.hasOwn(levels, level.toLowerCase())) {
    return levels[level.toLowerCase() as LogLevelName];
  }
  throw invalidArgument(
    `a log level is one of ${Object.keys(levels).join(', ')}, or a whole number of 0 or more, not ` +
      String(level),
  );
}

function levelName(level: number): string {
  const known = Object.entries(levels).find(([, number]) => number === level);
  return known === undefined ? `Level ${String(level)}` : known[0].toUpperCase();
}
