// What a thread is told when it starts, and what it tells.
import type { MessagePort } from 'node:worker_threads';

import type { MainModule } from '../functions/main-module.js';
import type { SharedHandle } from '../memory/handles.js';
import type { StartMethod } from '../process/start-method.js';
import type { Lock } from '../sync/lock.js';

/** All that a thread needs before it runs any code of the user's. */
export interface ThreadTask {
  readonly name: string;
  readonly isDaemon: boolean;
  readonly argv: readonly string[];
  /** How it starts processes; null when nobody has said. */
  readonly startMethod: StartMethod | null;
  /** The program that it runs again, so that it has the same modules. */
  readonly main: MainModule | undefined;
  /** Id of the starter's thread in the tree's memory: what the result refers to lives with it. */
  readonly holder: number;
  /** A lock that the thread holds for all of its life: whoever can acquire it knows of its end. */
  readonly life: SharedHandle<Lock>;
  /** Words of {@link Word}, for a starter whose event loop is blocked. */
  readonly words: Int32Array;
  /** For {@link ThreadNews}. */
  readonly port: MessagePort;
  /** What to do, as a message of the codec: it names functions of the user's modules. */
  readonly work: Uint8Array;
}

/** Indexes of the words that a thread writes. `state`: a value of {@link State}. */
export const Word = { state: 0, nativeId: 1, exitCode: 2, count: 3 } as const;

/** How far a thread has come: it holds its life; it has taken its work. */
export const State = { starting: 0, lives: 1, works: 2 } as const;

/** What a thread tells: that it lives, or its report. */
export type ThreadNews = 'lives' | Uint8Array;
