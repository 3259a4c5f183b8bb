// Memory for large Buffers. Most of what it costs to receive one is fresh pages, one fault for each:
// so several share a slab, which large pages may lie behind, as small ones share Node's pool.
import { markAsUntransferable } from 'node:worker_threads';

import { native } from '../native/binding.js';

/** Smaller ones cost less than a slab holds when one of them is kept; larger ones fill their own. */
const leastBytes = 256 * 1024;
const mostBytes = 2 * 1024 * 1024;
const slabBytes = 8 * 1024 * 1024;
/** Where Buffers begin. */
const alignment = 64;

let slab = Buffer.alloc(0);
let used = 0;

/** A Buffer with any content; its memory may be a part of a larger one's. */
export function largeBuffer(bytes: number): Buffer {
  if (bytes < leastBytes || bytes > mostBytes) return Buffer.allocUnsafeSlow(bytes);
  if (used + bytes > slab.length) {
    slab = Buffer.allocUnsafeSlow(slabBytes);
    native.preferLargePages(slab);
    // Whoever sends one of its Buffers to a worker must not take the others along.
    markAsUntransferable(slab.buffer);
    used = 0;
  }
  const start = used;
  used = (start + bytes + alignment - 1) & ~(alignment - 1);
  return slab.subarray(start, start + bytes);
}
