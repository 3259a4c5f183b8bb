// Hello from another process.
import * as mp from 'node-multiprocessing';

export function worker(): void {
  console.log(`子进程pid: ${process.pid}`);
}

async function main(): Promise<void> {
  const child = new mp.Process({ target: worker });
  await child.start();
  await child.join();
  console.log('主进程结束');
}

if (mp.isMainProcess()) void main();

// Prints:
// 子进程pid: <number>
// 主进程结束
