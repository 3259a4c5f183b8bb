// terminate() asks the system to end a process; when it has ended, isAlive() is false.
import * as mp from 'node-multiprocessing';

export function task(): Promise<never> {
  setInterval(() => undefined, 1000); // something to do, for ever
  return new Promise(() => undefined);
}

async function main(): Promise<void> {
  const child = new mp.Process({ target: task });
  await child.start();
  console.log('开始:', child.isAlive());
  child.terminate();
  console.log('刚刚 terminate:', child.isAlive());
  await child.join();
  console.log('之后:', child.isAlive());
  console.log('exitcode:', child.exitCode);
}

if (mp.isMainProcess()) void main();

// Prints:
// 开始: true
// 刚刚 terminate: <true|false>
// 之后: false
// exitcode: -15
