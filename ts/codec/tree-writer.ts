// Writes trees (tree-format.ts) into memory of the thread, from which they are copied to where they are
// to be. It gives up at values that the format does not know, and at objects that come twice, which
// must be one afterwards too: the general codec has those.
import { types } from 'node:util';

import { isPlainBuffer, tagOfView, viewedBytes } from './binary.js';
import { SeenObjects } from './seen-objects.js';
import { firstNode, shapeAt, type WrittenShape } from './shapes.js';
import { Tag } from './tags.js';
import { writeShort } from './text.js';
import { Item, maxDepth, maxNames, maxShapes } from './tree-format.js';
import { TreeOutput } from './tree-output.js';

/** What {@link TreeWriter.write} answers when it gave up. */
export const notATree = -1;

export class TreeWriter {
  readonly output = new TreeOutput();
  #depth = 0;
  #isBusy = false;
  /** Numbers of the message, and of its next shape. */
  #message = 0;
  #shapes = 0;
  readonly #seen = new SeenObjects();
  /** The tree; it is among the seen ones only once there is another one. */
  #root: object | undefined;
  /** A stack: the values of each object that is being written. */
  readonly #values: unknown[] = [];
  #top = 0;

  /** Writes a tree to the start of `output`; its bytes, or `notATree`. */
  write(value: object): number {
    // A getter in a value may send another one.
    if (this.#isBusy || !hasPlainPrototypes()) return notATree;
    this.#isBusy = true;
    this.output.start();
    // The tree itself is one deep.
    this.#depth = 1;
    this.#shapes = 0;
    this.#message++;
    this.#root = value;
    try {
      return this.#container(value) ? this.output.at : notATree;
    } finally {
      this.#isBusy = false;
      this.#root = undefined;
      this.#seen.clear();
      if (this.#top > 0) this.#values.length = this.#top = 0;
    }
  }

  /** Writes a short text alone; false when a character has more than one byte. */
  short(text: string): boolean {
    if (this.#isBusy) return false;
    this.output.start();
    return writeShort(text, this.output.bytes, 0);
  }

  // Not a switch, for which V8 calls a function and compares what it answers.
  #value(value: unknown): boolean {
    if (typeof value === 'number') this.output.number(value);
    else if (typeof value === 'string') this.output.text(value);
    else if (typeof value === 'boolean') this.output.item(value ? Item.true : Item.false);
    else if (value === null) this.output.item(Item.null);
    else if (typeof value === 'object') return this.#object(value);
    else if (value === undefined) this.output.item(Item.undefined);
    else if (typeof value === 'bigint') this.output.bigint(value);
    else return false;
    return true;
  }

  #object(value: object): boolean {
    if (value === this.#root || !this.#seen.add(value) || ++this.#depth > maxDepth) return false;
    const done = this.#container(value);
    this.#depth--;
    return done;
  }

  #container(value: object): boolean {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) return this.#record(value as Record<string, unknown>);
    if (prototype === Array.prototype) return Array.isArray(value) && this.#array(value);
    return this.#exotic(value, prototype);
  }

  #record(value: Record<string, unknown>): boolean {
    const values = this.#values;
    const first = this.#top;
    let top = first;
    let node = firstNode();
    for (const name in value) {
      if (top - first === maxNames) return this.#dictionary(value);
      node = node.next(name);
      values[top++] = value[name];
    }
    const shape = node.shape ?? shapeAt(node, value);
    if (shape === undefined) return this.#dictionary(value);
    this.#top = top;
    if (!this.#shape(shape)) return false;
    if (!this.#list(values, first, top)) return false;
    for (let i = first; i < top; i++) values[i] = undefined;
    this.#top = first;
    return true;
  }

  #shape(shape: WrittenShape): boolean {
    if (shape.message === this.#message) {
      this.output.shapeAgain(shape.index);
      return true;
    }
    if (this.#shapes === maxShapes) return false;
    shape.message = this.#message;
    shape.index = this.#shapes++;
    this.output.shape(shape);
    return true;
  }

  #dictionary(value: Record<string, unknown>): boolean {
    const names = Object.keys(value);
    this.output.head(Item.dictionary, names.length);
    for (const name of names) {
      this.output.text(name);
      if (!this.#value(value[name])) return false;
    }
    return true;
  }

  #array(items: readonly unknown[]): boolean {
    const { length } = items;
    // Holes, and properties beside the items, are the general codec's.
    if (Object.keys(items).length !== length) return false;
    this.output.head(Item.array, length);
    return this.#list(items, 0, length);
  }

  #list(values: readonly unknown[], first: number, end: number): boolean {
    for (let i = first; (i = this.output.simple(values, i, end)) < end; i++) {
      if (!this.#value(values[i])) return false;
    }
    return true;
  }

  #exotic(value: object, prototype: unknown): boolean {
    if (ArrayBuffer.isView(value)) return this.#data(tagOfView(value), value);
    if (isPlainBuffer(value)) return this.#data(Tag.arrayBuffer, new Uint8Array(value));
    if (prototype === Map.prototype) return types.isMap(value) && this.#map(value);
    if (prototype === Set.prototype) return types.isSet(value) && this.#set(value);
    if (prototype !== Date.prototype || !types.isDate(value)) return false;
    this.output.date(value);
    return true;
  }

  // What getters add meanwhile is left out.

  #map(map: ReadonlyMap<unknown, unknown>): boolean {
    const entries = [...map];
    this.output.head(Item.map, entries.length);
    return entries.every(([key, item]) => this.#value(key) && this.#value(item));
  }

  #set(set: ReadonlySet<unknown>): boolean {
    const items = [...set];
    this.output.head(Item.set, items.length);
    return items.every((item) => this.#value(item));
  }

  #data(tag: number | undefined, view: ArrayBufferView): boolean {
    if (tag === undefined) return false;
    this.output.data(tag, viewedBytes(view));
    return true;
  }
}

const empty = {};

/** Whether loops over the properties of objects see their own ones only. */
function hasPlainPrototypes(): boolean {
  for (const name in empty) return name === '';
  return true;
}
