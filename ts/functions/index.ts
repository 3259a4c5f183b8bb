// TEMPORARY stand-in until the real one is merged.
import { NotImportableError } from '../errors.js';
export interface FunctionReference {
  url: string;
  path: string;
}
export interface MainModule {
  url: string;
}
export const isNamedFunction = (v: unknown): v is object => {
  void v;
  return false;
};
export function referenceOf(fn: unknown): FunctionReference {
  for (const m of Object.values(require.cache)) {
    const e = m?.exports as Record<string, unknown> | undefined;
    if (e && typeof e === 'object' && !m?.filename.includes('/dist/'))
      for (const k of Object.keys(e)) if (e[k] === fn) return { url: m?.filename ?? '', path: k };
  }
  throw new NotImportableError('not found');
}
export const resolveSync = (r: FunctionReference): unknown =>
  (require(r.url) as Record<string, unknown>)[r.path];
export const resolve = (r: FunctionReference): Promise<unknown> => Promise.resolve(resolveSync(r));
export const mainModule = (): MainModule | undefined => ({ url: process.argv[1] ?? '' });
export const loadMain = async (m: MainModule): Promise<void> => {
  require(m.url);
};
