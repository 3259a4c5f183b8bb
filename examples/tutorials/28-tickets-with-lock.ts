// A file as database: one at a time looks and buys, so the last ticket is sold once.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

const buyers = 4;

interface Database {
  count: number;
}

export async function buy(buyer: number, file: string, lock: mp.Lock): Promise<void> {
  await using _held = await lock.guard();
  const database = JSON.parse(readFileSync(file, 'utf8')) as Database;
  console.log(`剩余票数 ${database.count}`);
  await sleep(20); // the network
  if (database.count === 0) return;
  database.count -= 1;
  writeFileSync(file, JSON.stringify(database));
  console.log(`客户 ${buyer} 购票成功`);
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tickets-'));
  const file = join(folder, 'db.json');
  writeFileSync(file, JSON.stringify({ count: 1 } satisfies Database));
  const lock = new mp.Lock();
  const children = Array.from(
    { length: buyers },
    (_, buyer) => new mp.Process({ target: buy, args: [buyer, file, lock] }),
  );
  for (const child of children) await child.start();
  for (const child of children) await child.join();
  rmSync(folder, { recursive: true });
}

if (mp.isMainProcess()) void main();

// Prints:
// 剩余票数 1
// 客户 <number> 购票成功
// 剩余票数 0
// 剩余票数 0
// 剩余票数 0
