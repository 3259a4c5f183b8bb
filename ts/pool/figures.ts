// What a pool counts: how often, and how long.

/** Four buckets for each doubling: a figure is right within 9 %. */
const perDoubling = 4;
const leastMs = 2 ** -10;
const buckets = 45 * perDoubling;

/**
 * How many times were longer than those of the bucket before, and not longer than `upTo`.
 *
 * @public
 */
export interface TimeBucket {
  /** ms; each is 19 % longer than the one before, the last `Infinity`. */
  readonly upTo: number;
  /** How many there were. */
  readonly count: number;
}

/**
 * How times are distributed, in ms. Percentiles are right within 9 %, the rest exactly.
 *
 * @public
 */
export interface TimeFigures {
  /** How many there were. */
  readonly count: number;
  /** The shortest. */
  readonly min: number;
  /** The longest. */
  readonly max: number;
  /** Their mean. */
  readonly mean: number;
  /** Half of them were not longer. */
  readonly p50: number;
  /** 90 % of them were not longer. */
  readonly p90: number;
  /** 99 % of them were not longer. */
  readonly p99: number;
  /** All of them by their length, without those buckets that are empty. */
  readonly histogram: readonly TimeBucket[];
}

/** Counts times in ms by their size. */
export class Histogram {
  readonly #counts = new Float64Array(buckets);
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = 0;

  add(ms: number): void {
    const place = Math.ceil(Math.log2(ms / leastMs) * perDoubling);
    this.#counts[Math.min(Math.max(place, 0), buckets - 1)]! += 1;
    this.#count += 1;
    this.#sum += ms;
    if (ms < this.#min) this.#min = ms;
    if (ms > this.#max) this.#max = ms;
  }

  get sum(): number {
    return this.#sum;
  }

  figures(): TimeFigures {
    const count = this.#count;
    const histogram = this.#filled();
    if (count === 0) return { count, min: 0, max: 0, mean: 0, p50: 0, p90: 0, p99: 0, histogram };
    return {
      count,
      min: this.#min,
      max: this.#max,
      mean: this.#sum / count,
      p50: this.#percentile(0.5),
      p90: this.#percentile(0.9),
      p99: this.#percentile(0.99),
      histogram,
    };
  }

  #filled(): TimeBucket[] {
    const filled: TimeBucket[] = [];
    this.#counts.forEach((count, place) => {
      if (count === 0) return;
      const isLast = place === buckets - 1;
      filled.push({ upTo: isLast ? Infinity : leastMs * 2 ** (place / perDoubling), count });
    });
    return filled;
  }

  #percentile(share: number): number {
    let left = Math.ceil(this.#count * share);
    const place = this.#counts.findIndex((count) => (left -= count) <= 0);
    // The middle of the bucket, but never beyond what was seen.
    const ms = leastMs * 2 ** ((place - 0.5) / perDoubling);
    return Math.min(Math.max(ms, this.#min), this.#max);
  }
}
