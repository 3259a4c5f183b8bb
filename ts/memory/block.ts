// Blocks of users' data in shared memory, and how they are seen from JavaScript.
//
// A single number is seen through a view of a whole chunk of memory, which costs little to make and
// never leaves the Value. Everything else gets an ArrayBuffer of exactly its own bytes, for users
// can keep views of it: the block is dropped when that buffer is unreachable, not when the Array is.
import { ElementType, native, ObjectKind } from '../native/binding.js';
import { chunkBytes, chunkOf } from './backend-plain.js';
import { dropWhenUnreachable, openMemory, release, type Place } from './memory.js';

const { blockData } = native.constants;

/** What a new block is for. */
export interface BlockStart {
  readonly kind: ObjectKind;
  readonly element: ElementType;
  readonly byteLength: number;
}

/** A block of data as this thread sees it. */
export class Block {
  readonly buffer: ArrayBuffer;
  readonly byteOffset: number;
  /** Its collection drops the block. */
  readonly owner: object;

  constructor(
    readonly address: number,
    readonly start: BlockStart,
  ) {
    const data = address + blockData;
    const { kind, element, byteLength } = start;
    if (kind === ObjectKind.value && element !== ElementType.record) {
      this.buffer = chunkOf(data).buffer;
      this.byteOffset = data & (chunkBytes - 1);
      this.owner = this;
    } else {
      this.buffer = byteLength === 0 ? new ArrayBuffer(0) : native.bytes(data, byteLength);
      this.byteOffset = 0;
      this.owner = this.buffer;
    }
  }
}

/** Makes a block of zeros in the tree's memory. */
export function createBlock(start: BlockStart): Block {
  openMemory();
  const { kind, element, byteLength } = start;
  const block = new Block(native.createBlock(kind, element, byteLength), start);
  dropWhenUnreachable(block.owner, block.address);
  return block;
}

/** The block at a place that a handle of this kind named. */
export function blockAt(place: Place, kind: ObjectKind): Block {
  const { element, byteLength } = native.blockAt(place.address);
  return new Block(place.address, { kind, element: element as ElementType, byteLength });
}

/** Takes the block's buffer away from all its views, and drops the block: others keep theirs. */
export function closeBlock({ owner, address, buffer }: Block): void {
  if (buffer.byteLength > 0) native.detach(buffer);
  release(owner, address);
}
