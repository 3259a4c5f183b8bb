// This thread's log, and what of it children and worker threads inherit.
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';

import { Logger, type LogLevel, type LogRecord } from './logger.js';

/** What children are told of the log. */
export interface LogSettings {
  readonly level: number;
  /** Whether it goes to stderr. */
  readonly toStderr: boolean;
}

/** Threads of this process find it there. */
const key = 'node-multiprocessing:log';

let toStderr = false;
const logger = new Logger(tellThreads);
if (!isMainThread) inheritLog(getEnvironmentData(key) as unknown as LogSettings | undefined);

/**
 * The log of this library in this thread, into which programs may write too. Nothing comes out of it
 * before it has a handler: {@link logToStderr}, or one of the program's own. The library writes with
 * `'info'` and `'debug'` about processes that start and end, the forkserver, and memory that comes
 * back. Source: CPython's
 * {@link https://docs.python.org/3/library/multiprocessing.html#multiprocessing.get_logger | get_logger}.
 *
 * @example
 * ```ts
 * getLogger().setLevel('info');
 * getLogger().addHandler(({ levelName, message }) => mine.write(levelName, message));
 * ```
 *
 * @public
 */
export function getLogger(): Logger {
  return logger;
}

/**
 * Sends the log to stderr too, as `[INFO/Process-1] message`. Children that are started from now on
 * do the same, with the same level. Each call adds one more handler, as in CPython.
 *
 * @param level - set if given
 * @returns the logger
 * @throws TypeError when it is no level
 *
 * @public
 */
export function logToStderr(level?: LogLevel): Logger {
  if (level !== undefined) logger.setLevel(level);
  // One of its own each time: a Set would take the same one once.
  logger.addHandler((record) => {
    writeLine(record);
  });
  toStderr = true;
  tellThreads();
  return logger;
}

/** What a child is to be told. */
export function logSettings(): LogSettings {
  return { level: logger.level, toStderr };
}

/** Makes the log what the parent's was; its own handlers do not travel. */
export function inheritLog(settings: LogSettings | undefined): void {
  if (settings === undefined) return;
  logger.setLevel(settings.level);
  if (settings.toStderr && !toStderr) logToStderr();
}

function writeLine({ levelName, processName, message }: LogRecord): void {
  process.stderr.write(`[${levelName}/${processName}] ${message}\n`);
}

function tellThreads(): void {
  setEnvironmentData(key, logSettings());
}
