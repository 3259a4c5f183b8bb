// NODE_MULTIPROCESSING_DEBUG: what of the debug mode is wanted. Described in docs/debugging.md.
import { invalidArgument } from '../errors.js';

/** What is wanted; times in ms. */
export interface DebugSettings {
  /** Whether locks say who holds what, and warn. */
  readonly locks: boolean;
  /** How long a wait may last before there is a warning. */
  readonly waitMs: number;
}

const defaultWaitMs = 10_000;

/**
 * Reads the variable: `locks`, and with it perhaps `wait=SECONDS`, with commas between.
 *
 * @throws TypeError when it says anything else
 */
export function debugSettings(text: string): DebugSettings {
  let locks = false;
  let waitMs = defaultWaitMs;
  for (const word of text.split(',').map((part) => part.trim())) {
    const seconds = /^wait=(\d+(?:\.\d+)?)$/.exec(word)?.[1];
    if (word === 'locks') locks = true;
    else if (seconds !== undefined) waitMs = Number(seconds) * 1000;
    else if (word !== '') throw unknown(word);
  }
  return { locks, waitMs };
}

function unknown(word: string): TypeError {
  return invalidArgument(
    `NODE_MULTIPROCESSING_DEBUG does not know ${JSON.stringify(word)}: it is 'locks', or ` +
      "'locks,wait=5' to be warned of waits longer than 5 seconds",
  );
}
