// Copies the built addon to prebuilds/, where node-gyp-build finds it in an installed package.
// Node-API makes one file serve every Node version; the C library is part of the name.
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { at } from './tools.mjs';

const built = at('build/Release/node_multiprocessing.node');
if (!existsSync(built)) {
  console.error('no addon in build/Release: run `npm run build` first');
  process.exit(1);
}
const usesGlibc = process.report.getReport().header.glibcVersionRuntime !== undefined;
const libc = process.platform !== 'linux' ? '' : usesGlibc ? '.glibc' : '.musl';
const folder = at('prebuilds', `${process.platform}-${process.arch}`);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
copyFileSync(built, `${folder}/node-multiprocessing.napi${libc}.node`);
