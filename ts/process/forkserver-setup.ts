// What the forkserver and its children are told.
import type { MainModule } from '../functions/main-module.js';
import type { Surroundings } from './after-fork.js';

/** What the server is told at its start. */
export interface ForkserverSetup {
  /** Path of the CommonJS module whose `run()` each child calls. */
  readonly entry: string;
  readonly argv: readonly string[];
  /** Id of the tree's memory; undefined when there is none. */
  readonly arena?: string;
  /** The program to load; undefined for none. */
  readonly main?: MainModule | undefined;
  /** Modules to load, as `import()` takes them. */
  readonly preload: readonly string[];
}

/** What a child is told first. */
export interface ForkTask extends Surroundings {
  /** Whether it only shows that forking works here. */
  readonly isProbe?: boolean;
}

/** Exit code of a child that showed it. */
export const probeCode = 42;
