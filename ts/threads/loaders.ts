// Loaders of TypeScript in threads. Node 20 knows hooks of the main thread in no other one, and tsx
// registers its own there only; later versions of both need no help.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const firstWithout = 22;

/** How `--import` names tsx, where the program was started with it. */
function importedTsx(): string | undefined {
  const inherited = process.env.NODE_OPTIONS?.split(/\s+/) ?? [];
  const options = [...inherited, ...process.execArgv];
  const named = options.flatMap((option, i) => {
    if (option === '--import') return options[i + 1] ?? [];
    return option.startsWith('--import=') ? option.slice('--import='.length) : [];
  });
  return named.find((name) => /(^|[/\\])tsx([/\\]|$)/.test(name));
}

/** Lets this thread import what the main thread can; before it imports anything of the user's. */
export async function registerLoaders(): Promise<void> {
  if (Number.parseInt(process.versions.node) >= firstWithout) return;
  const tsx = importedTsx();
  if (tsx === undefined) return;
  // A package may require itself by its name: so from its own file it is found wherever it is.
  const isBare = /^tsx([/\\]|$)/.test(tsx);
  const from = tsx.startsWith('file:') ? fileURLToPath(tsx) : tsx;
  const require = createRequire(isBare ? join(process.cwd(), 'x') : from);
  const { register } = (await import(apiOf(require.resolve('tsx/package.json')))) as TsxApi;
  register();
}

interface TsxApi {
  readonly register: () => unknown;
}

/** What `import('tsx/esm/api')` would find, for whom tsx is not installed; its CommonJS twin fails. */
function apiOf(manifest: string): string {
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    exports: Record<string, { import: { default: string } }>;
  };
  return pathToFileURL(join(dirname(manifest), exports['./esm/api']!.import.default)).href;
}
