// Each process has a name and a number; without a name it is called by its number in the family.
import * as mp from 'node-multiprocessing';

export function task(): void {
  const { name, pid } = mp.currentProcess();
  console.log(`子进程: ${name} ${pid}, 父进程 ${process.ppid}`);
}

async function main(): Promise<void> {
  console.log(`主进程: ${mp.currentProcess().name} ${process.pid}`);
  for (const name of [undefined, '子进程的名字', undefined]) {
    const child = new mp.Process({ target: task, name });
    await child.start();
    await child.join();
    console.log(`主进程里看到: ${child.name} ${child.pid}`);
  }
}

if (mp.isMainProcess()) void main();

// Prints:
// 主进程: MainProcess <number>
// 子进程: Process-1 <number>, 父进程 <number>
// 主进程里看到: Process-1 <number>
// 子进程: 子进程的名字 <number>, 父进程 <number>
// 主进程里看到: 子进程的名字 <number>
// 子进程: Process-3 <number>, 父进程 <number>
// 主进程里看到: Process-3 <number>
