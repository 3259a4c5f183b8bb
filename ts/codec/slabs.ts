// Memory for data. Most of what it costs to receive large ones is fresh pages, one fault for each. So
// several Buffers share a slab, which large pages may lie behind, and small ones a small slab; others
// have memory of their own, but malloc is told to keep what of it was freed.
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

/** Several Buffers share the memory of a small slab, more than that of Node's pool. */
const smallSlabBytes = 32 * 1024;

let smallSlab = Buffer.alloc(0);
let smallUsed = 0;

/** A Buffer with any content, of a few KiB at most, that shares its memory. */
export function smallBuffer(bytes: number): Buffer {
  if (smallUsed + bytes > smallSlab.length) {
    smallSlab = Buffer.allocUnsafeSlow(smallSlabBytes);
    markAsUntransferable(smallSlab.buffer);
    smallUsed = 0;
  }
  const start = smallUsed;
  smallUsed = (start + bytes + 7) & ~7;
  return smallSlab.subarray(start, start + bytes);
}

/** Up to so many bytes, zeros cost less than a Buffer. */
const fewBytes = 4096;
/** malloc asks the kernel for blocks of this size, each for itself, until it knows better. */
const ownPagesBytes = 128 * 1024;

let knowsLargeBlocks = false;

/** An ArrayBuffer of its own with any content, which is to be filled. */
export function unfilled(bytes: number): ArrayBuffer {
  if (bytes < fewBytes) return new ArrayBuffer(bytes);
  if (bytes >= ownPagesBytes && !knowsLargeBlocks) {
    knowsLargeBlocks = true;
    native.expectLargeBlocks();
  }
  // Node's pool has no such ones.
  return Buffer.allocUnsafeSlow(bytes).buffer;
}
