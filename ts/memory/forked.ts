// A process that was forked while it lived has the parent's variables, also those about what the
// parent waits for and watches. Whoever keeps such state says here how to forget it.

const forgetters: (() => void)[] = [];
let generation = 0;

/** `forget` runs in a forked child, before anything else of its own does. */
export function onForked(forget: () => void): void {
  forgetters.push(forget);
}

/** How many forks lie between this process and the one that loaded these modules. */
export function forkGeneration(): number {
  return generation;
}

/** In a forked child: what its parent waits for is its parent's. */
export function forgetParent(): void {
  generation += 1;
  for (const forget of forgetters) forget();
}
