// A box whose methods call each other under the same RLock; one thread adds, another removes.
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

class Box {
  readonly lock = new mp.RLock();
  readonly items = new mp.Value('i', 0, { lock: false });

  execute(n: number): void {
    this.lock.runExclusiveSync(() => (this.items.value += n));
  }

  add(): void {
    this.lock.runExclusiveSync(() => {
      this.execute(1);
    });
  }

  remove(): void {
    this.lock.runExclusiveSync(() => {
      this.execute(-1);
    });
  }
}

// So that a box arrives in another thread as a Box.
mp.registerClass(Box);

export async function adder(box: Box, items: number): Promise<void> {
  for (let i = 0; i < items; i++) {
    console.log('adding 1 item in the box');
    box.add();
    await sleep(10);
  }
}

export async function remover(box: Box, items: number): Promise<void> {
  for (let i = 0; i < items; i++) {
    console.log('removing 1 item in the box');
    box.remove();
    await sleep(10);
  }
}

async function main(): Promise<void> {
  const box = new Box();
  const items = 3;
  console.log(`putting ${items} items in the box`);
  const threads = [adder, remover].map(
    (target) => new mp.threading.Thread({ target, args: [box, items] }),
  );
  for (const thread of threads) await thread.start();
  for (const thread of threads) await thread.join();
  console.log(`${box.items.value} items still remain in the box`);
}

if (mp.isMainProcess()) void main();

// Prints:
// putting 3 items in the box
// Prints, in any order:
// adding 1 item in the box
// adding 1 item in the box
// adding 1 item in the box
// removing 1 item in the box
// removing 1 item in the box
// removing 1 item in the box
// Prints:
// 0 items still remain in the box
