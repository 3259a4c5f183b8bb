// apply() waits: the messages come in order, then the bar, and what it gave are the values.
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

import { isMainProcess, Pool } from 'node-multiprocessing';

export async function func(message: string): Promise<string> {
  console.log(`msg: ${message}`);
  await sleep(5);
  return message;
}

async function main(): Promise<void> {
  const pool = new Pool(3);
  const results: string[] = [];
  for (let i = 0; i < 10; i++) results.push(await pool.apply(func, [`hello ${i}`]));
  console.log('==============================>');
  pool.close();
  await pool.join();
  console.log(inspect(results.slice(0, 3), { breakLength: Infinity }));
  for (const result of results) console.log(result);
}

if (isMainProcess()) void main();

// Prints:
// msg: hello 0
// msg: hello 1
// msg: hello 2
// msg: hello 3
// msg: hello 4
// msg: hello 5
// msg: hello 6
// msg: hello 7
// msg: hello 8
// msg: hello 9
// ==============================>
// [ 'hello 0', 'hello 1', 'hello 2' ]
// hello 0
// hello 1
// hello 2
// hello 3
// hello 4
// hello 5
// hello 6
// hello 7
// hello 8
// hello 9
