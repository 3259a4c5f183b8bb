// Builds the addon with CMake (cmake-js gives it Node's headers), for sanitizers and debuggers:
// `npm run build:cmake -- address`. To run the tests on it:
//   NODE_MULTIPROCESSING_PREBUILD=$PWD/build/cmake/address LD_PRELOAD=$(gcc -print-file-name=libasan.so) npm test
// (node-gyp-build takes the addon from <that folder>/build/Release.)
import { at, headersPrefix, run } from './tools.mjs';

const kind = process.argv[2] ?? 'none';
if (!['none', 'address', 'thread'].includes(kind)) {
  console.error('usage: npm run build:cmake -- [none|address|thread]');
  process.exit(2);
}
const prefix = headersPrefix();
const headers = prefix ? { npm_config_nodedir: prefix } : {};
const out = at('build/cmake', kind, 'build');
run('cmake-js', ['build', '--out', out, `--CDSANITIZE=${kind}`], headers);
console.log(`built ${out}/Release/node_multiprocessing.node`);
