// A producer tells by an event that there are items. The original set the event and cleared it at
// once, so that a consumer which was not waiting at that moment missed it, and it never ended. Here
// the consumer clears it, before it looks for items.
import * as mp from 'node-multiprocessing';

const count = 5;

export async function producer(items: mp.Array<'i'>, made: mp.Value<'i'>, event: mp.Event) {
  for (let i = 0; i < count; i++) {
    items[i] = Math.trunc(256 * Math.random());
    made.add(1);
    console.log(`producer notify: item ${items[i]!} appended`);
    event.set();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export async function consumer(items: mp.Array<'i'>, made: mp.Value<'i'>, event: mp.Event) {
  let taken = 0;
  while (taken < count) {
    await event.wait();
    event.clear();
    for (; taken < made.load(); taken++) {
      console.log(`consumer notify: item ${items[taken]!} popped`);
    }
  }
}

async function main(): Promise<void> {
  const shared: [mp.Array<'i'>, mp.Value<'i'>, mp.Event] = [
    new mp.Array('i', count),
    new mp.Value('i', 0),
    new mp.Event(),
  ];
  const threads = [consumer, producer].map(
    (target) => new mp.threading.Thread({ target, args: shared }),
  );
  for (const thread of threads) await thread.start();
  for (const thread of threads) await thread.join();
}

if (mp.isMainProcess()) void main();

// Prints, in any order:
// producer notify: item <number> appended
// producer notify: item <number> appended
// producer notify: item <number> appended
// producer notify: item <number> appended
// producer notify: item <number> appended
// consumer notify: item <number> popped
// consumer notify: item <number> popped
// consumer notify: item <number> popped
// consumer notify: item <number> popped
// consumer notify: item <number> popped
