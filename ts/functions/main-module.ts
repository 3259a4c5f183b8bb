// The main module: which one it is in this process or thread, and how a child runs it again.
import { isAbsolute } from 'node:path';
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { fileOf, loadedModule, resolveFile } from './common-js.js';
import { loadModule } from './load.js';
import type { ModuleFormat } from './reference.js';

/** A main module, as plain data. */
export interface MainModule {
  readonly url: string;
  readonly format: ModuleFormat;
  /**
   * Whether a child runs it. Not so when it lies in node_modules: then it is a tool such as a test
   * runner, which would start its work again in each child.
   */
  readonly runsInChildren: boolean;
}

/** In a child: its parent's. */
let adopted: MainModule | undefined;
let isAdopted = false;
/** The one that this process has run for its parent. */
let loaded: string | undefined;

/**
 * The main module of this process, or of this worker thread; undefined for `node -e`, the REPL, a
 * program from stdin. In a child process, the one that {@link adoptMainModule} set.
 */
export function mainModule(): MainModule | undefined {
  return isAdopted ? adopted : findMainModule();
}

/** Makes this process take its parent's main module for its own. */
export function adoptMainModule(main: MainModule | undefined): void {
  adopted = main;
  isAdopted = true;
}

/** Whether this is the ECMAScript module that Node was started with, which may still be running. */
export function isEntry(url: string): boolean {
  const main = isAdopted ? undefined : findMainModule();
  return main?.url === url && main.format === 'module';
}

/**
 * Runs the main module in a child, in the way in which its parent ran it, so that whoever imports or
 * requires it later gets this instance. Resolves when it has been evaluated, with its top-level
 * awaits; rejects with what it throws.
 */
export async function loadMain(main: MainModule): Promise<void> {
  // A forked child has it from its server.
  if (loaded === main.url) return;
  await loadModule(main.url, main.format);
  loaded = main.url;
}

function findMainModule(): MainModule | undefined {
  const url = mainUrl();
  if (url === undefined) return undefined;
  const file = fileOf(url);
  const isCommonJs = file !== undefined && loadedModule(file) !== undefined;
  return {
    url,
    format: isCommonJs ? 'commonjs' : 'module',
    runsInChildren: !/[/\\]node_modules[/\\]/.test(url),
  };
}

function mainUrl(): string | undefined {
  // Set for a CommonJS main, by tools that start programs too (ts-node, tsx); read each time, for
  // this may be loaded before main is.
  const { mainModule: main } = process as { mainModule?: { filename?: string | null } };
  if (typeof main?.filename === 'string') {
    // `-e` and stdin have a main module as well, but no file.
    return isAbsolute(main.filename) ? pathToFileURL(main.filename).href : undefined;
  }
  const started = process.argv[1];
  if (started === undefined || isEvaluated()) return undefined;
  if (hasOption('--entry-url') && URL.canParse(started)) return started;
  if (!isAbsolute(started)) return undefined;
  const file = resolveFile(started);
  if (file === undefined) return undefined;
  return pathToFileURL(hasOption('--preserve-symlinks-main') ? started : realpathSync(file)).href;
}

/** Whether the program came from `-e` or `-p`: then argv[1] is the program's first argument. */
function isEvaluated(): boolean {
  return process.execArgv.some((option) => /^(-e|-p|-pe|--eval|--print)(=|$)/.test(option));
}

function hasOption(name: string): boolean {
  const inherited = process.env.NODE_OPTIONS?.split(/\s+/) ?? [];
  return process.execArgv.includes(name) || inherited.includes(name);
}
