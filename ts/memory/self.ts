// This thread's ids in shared memory, as the fast paths need them. One object for each segment, which
// all objects in that segment share: a forked child is another thread, and gets other ids.
import { native } from '../native/binding.js';

/** What this thread is called in one segment. */
export interface Self {
  id: number;
  /** Some place in the segment. */
  readonly address: number;
}

const selves = new Map<number, Self>();

/** This thread in the segment that the address is in. */
export function selfAt(address: number): Self {
  const segment = native.segmentAt(address);
  let self = selves.get(segment);
  if (self === undefined) {
    self = { id: native.selfAt(address), address };
    selves.set(segment, self);
  }
  return self;
}

/** In a forked child: from now on all objects know the child's ids. */
export function renewSelves(): void {
  for (const self of selves.values()) self.id = native.selfAt(self.address);
}
