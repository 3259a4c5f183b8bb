// A file as database: everybody finds the last ticket still there, and everybody buys it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

const buyers = 4;

interface Database {
  count: number;
}

export async function buy(buyer: number, file: string, looked: mp.Value<'i'>): Promise<void> {
  const database = JSON.parse(readFileSync(file, 'utf8')) as Database;
  console.log(`客户 ${buyer} 看到剩余票数 ${database.count}`);
  // The network is slow: by the time the answer is here, everybody has looked.
  looked.add(1);
  while (looked.load() < buyers) await sleep(5);
  if (database.count === 0) return;
  database.count -= 1;
  writeFileSync(file, JSON.stringify(database));
  console.log(`客户 ${buyer} 购票成功`);
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tickets-'));
  const file = join(folder, 'db.json');
  writeFileSync(file, JSON.stringify({ count: 1 } satisfies Database));
  const looked = new mp.Value('i', 0);
  const children = Array.from(
    { length: buyers },
    (_, buyer) => new mp.Process({ target: buy, args: [buyer, file, looked] }),
  );
  for (const child of children) await child.start();
  for (const child of children) await child.join();
  rmSync(folder, { recursive: true });
}

if (mp.isMainProcess()) void main();

// Prints, in any order:
// 客户 0 看到剩余票数 1
// 客户 1 看到剩余票数 1
// 客户 2 看到剩余票数 1
// 客户 3 看到剩余票数 1
// 客户 0 购票成功
// 客户 1 购票成功
// 客户 2 购票成功
// 客户 3 购票成功
