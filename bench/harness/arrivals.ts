/** Messages that arrive as events, counted for a stream. */

export interface Arrivals {
  /** To be called for each message. */
  readonly arrived: () => void;
  /** Resolves when so many more have arrived. */
  readonly take: (count: number) => Promise<void>;
}

export function arrivals(): Arrivals {
  let there = 0;
  let wanted = Infinity;
  let satisfied: (() => void) | undefined;
  return {
    arrived() {
      if (++there < wanted) return;
      wanted = Infinity;
      satisfied?.();
    },
    take(count) {
      return new Promise((resolve) => {
        const settle = (): void => {
          there -= count;
          resolve();
        };
        if (there >= count) {
          settle();
          return;
        }
        wanted = count;
        satisfied = settle;
      });
    },
  };
}
