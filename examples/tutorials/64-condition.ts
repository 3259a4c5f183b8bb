// Producer and consumer: at most ten items between them, and a condition that tells of each change.
import * as mp from 'node-multiprocessing';

const total = 20;
const most = 10;

export async function producer(condition: mp.Condition, items: mp.Value<'i'>): Promise<void> {
  for (let i = 0; i < total; i++) {
    await condition.runExclusive(async () => {
      await condition.waitFor(() => items.value < most);
      items.value += 1;
      console.log('produced 1 item');
      condition.notifyAll();
    });
  }
}

export async function consumer(condition: mp.Condition, items: mp.Value<'i'>): Promise<void> {
  for (let i = 0; i < total; i++) {
    await condition.runExclusive(async () => {
      await condition.waitFor(() => items.value > 0);
      items.value -= 1;
      console.log('consumed 1 item');
      condition.notifyAll();
    });
  }
}

async function main(): Promise<void> {
  const condition = new mp.Condition();
  const items = new mp.Value('i', 0);
  const threads = [producer, consumer].map(
    (target) => new mp.threading.Thread({ target, args: [condition, items] }),
  );
  for (const thread of threads) await thread.start();
  for (const thread of threads) await thread.join();
  console.log(`items to consume are ${items.value}`);
}

if (mp.isMainProcess()) void main();

// Prints, in any order:
// produced 1 item
// produced 1 item
// produced 1 item
// produced 1 item
// produced 1 item
// produced 1 item
// produced 1 item
// produced 1 item
// produced 1 item
// produced 1 item
// produced 1 item
// produced 1 item
// produced 1 item
// produced 1 item
// produced 1 item
// produced 1 item
// produced 1 item
// produced 1 item
// produced 1 item
// produced 1 item
// consumed 1 item
// consumed 1 item
// consumed 1 item
// consumed 1 item
// consumed 1 item
// consumed 1 item
// consumed 1 item
// consumed 1 item
// consumed 1 item
// consumed 1 item
// consumed 1 item
// consumed 1 item
// consumed 1 item
// consumed 1 item
// consumed 1 item
// consumed 1 item
// consumed 1 item
// consumed 1 item
// consumed 1 item
// consumed 1 item
// Prints:
// items to consume are 0
