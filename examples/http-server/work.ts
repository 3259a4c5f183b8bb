// What the workers of the server run.

export interface Range {
  readonly from: number;
  readonly below: number;
}

/** How many primes there are: work for a processor, that grows with the numbers. */
export function countPrimes({ from, below }: Range): number {
  let count = 0;
  for (let n = Math.max(from, 2); n < below; n++) {
    let isPrime = true;
    for (let d = 2; isPrime && d * d <= n; d++) isPrime = n % d !== 0;
    if (isPrime) count++;
  }
  return count;
}

/** The numbers below a limit in ranges that take about as long. */
export function rangesBelow(limit: number, count = 64): Range[] {
  // What a number takes grows with its root, so all of them with the power of 1.5.
  const border = (i: number): number => Math.floor(limit * (i / count) ** (2 / 3));
  return Array.from({ length: count }, (_, i) => ({ from: border(i), below: border(i + 1) }));
}
