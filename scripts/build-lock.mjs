// Lets one build at a time work in this tree: `npm start` and `npm test` may run side by side.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { at } from './tools.mjs';

const folder = at('build/lock');
const ownerFile = at('build/lock/pid');

/** Runs the work while no other build does. A lock whose owner has died is taken over. */
export async function withBuildLock(work) {
  mkdirSync(at('build'), { recursive: true });
  while (!tryLock()) await sleep(50);
  const unlock = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', unlock);
  try {
    return await work();
  } finally {
    process.off('exit', unlock);
    unlock();
  }
}

function tryLock() {
  try {
    mkdirSync(folder);
    writeFileSync(ownerFile, String(process.pid));
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (ownerIsDead()) removeStale();
    return false;
  }
}

function ownerIsDead() {
  try {
    process.kill(Number(readFileSync(ownerFile, 'utf8')), 0);
    return false;
  } catch (error) {
    // No file yet: the owner is between mkdir and write.
    return error.code === 'ESRCH';
  }
}

/** By renaming, so that of several builds only one removes it. */
function removeStale() {
  const aside = `${folder}-${process.pid}`;
  try {
    renameSync(folder, aside);
    rmSync(aside, { recursive: true, force: true });
  } catch {
    // Another build was faster.
  }
}
