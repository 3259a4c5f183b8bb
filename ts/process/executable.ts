// What children are started from.
import { fileURLToPath } from 'node:url';

import { invalidArgument } from '../errors.js';

let executable: string | undefined;
let preload: readonly string[] | undefined;

/** Path of the program that children run. */
export function executablePath(): string {
  return executable ?? process.execPath;
}

/** Modules that the fork server loads, or undefined: the main module. */
export function preloadedModules(): readonly string[] | undefined {
  return preload;
}

/**
 * Sets the Node executable that children run (default: this process's own).
 *
 * @param path - a path, as string, bytes or `file:` URL
 * @throws TypeError for anything else
 *
 * @public
 */
export function setExecutable(path: string | Uint8Array | URL): void {
  if (typeof path === 'string') executable = path;
  else if (path instanceof Uint8Array) executable = Buffer.from(path).toString();
  else if (path instanceof URL) executable = fileURLToPath(path);
  else throw invalidArgument('setExecutable() takes a path: a string, a Buffer or a file: URL');
}

/**
 * Sets the modules that the fork server loads once, so that its children have them from the start.
 * Default: the main module. Before the first process is started.
 *
 * @param modules - names as for `import`, or paths; the main module is `__main__`
 * @throws TypeError when it is not an array of strings
 *
 * @public
 */
export function setForkserverPreload(modules: readonly string[]): void {
  const isList = Array.isArray(modules) && modules.every((name) => typeof name === 'string');
  if (!isList) throw invalidArgument('setForkserverPreload() takes an array of module names');
  preload = [...modules];
}
