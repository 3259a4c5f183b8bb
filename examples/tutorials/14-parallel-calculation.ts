// A thousand squares, one after another and then by a pool. (The original takes 10 ms for each.)
import { isMainProcess, Pool } from 'node-multiprocessing';

const count = 1000;
const workMs = 1;

export function slowSquare(x: number): number {
  const untilMs = performance.now() + workMs;
  while (performance.now() < untilMs);
  return x * x;
}

async function timed<T>(name: string, run: () => T | Promise<T>): Promise<T> {
  const startMs = performance.now();
  const result = await run();
  console.log(`${name}: ${((performance.now() - startMs) / 1000).toFixed(2)} 秒`);
  return result;
}

async function main(): Promise<void> {
  const numbers = Array.from({ length: count }, (_, i) => i);
  const serial = await timed('串行计算', () => numbers.map(slowSquare));
  const pool = new Pool();
  const parallel = await timed('并行计算', async () => pool.map(slowSquare, numbers));
  console.log('结果一致:', serial.length === count && serial.every((y, i) => y === parallel[i]));
  pool.terminate();
  await pool.join();
}

if (isMainProcess()) void main();

// Prints:
// 串行计算: <number> 秒
// 并行计算: <number> 秒
// 结果一致: true
