// Removes what the scripts make, except installed dependencies and downloaded Node versions.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { at } from './tools.mjs';

for (const folder of ['dist', 'prebuilds', 'temp']) {
  rmSync(at(folder), { recursive: true, force: true });
}
const inside = existsSync(at('build')) ? readdirSync(at('build')) : [];
for (const name of inside.filter((entry) => entry !== 'node-versions')) {
  rmSync(at('build', name), { recursive: true, force: true });
}
