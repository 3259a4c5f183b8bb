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
  /** A stack: the values of each object that is being written. */
  readonly #values: unknown[] = [];
  #top = 0;

  /** Writes a tree to the start of `output`; its bytes, or `notATree`. */
  write(value: object): number {
    // A getter in a value may send another one.
    if (this.#isBusy || !hasPlainPrototypes()) return notATree;
    this.#isBusy = true;
    this.output.start();
    this.#depth = this.#shapes = 0;
    this.#message++;
    try {
      return this.#object(value) ? this.output.at : notATree;
    } finally {
      this.#isBusy = false;
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

  #value(value: unknown): boolean {
    switch (typeof value) {
      case 'number':
        this.output.number(value);
        return true;
      case 'string':
        this.output.text(value);
        return true;
      case 'boolean':
        this.output.item(value ? Item.true : Item.false);
        return true;
      case 'undefined':
        this.output.item(Item.undefined);
        return true;
      case 'bigint':
        this.output.bigint(value);
        return true;
      case 'object':
        if (value !== null) return this.#object(value);
        this.output.item(Item.null);
        return true;
      case 'function':
      case 'symbol':
        return false;
    }
  }

  #object(value: object): boolean {
    if (!this.#seen.add(value) || ++this.#depth > maxDepth) return false;
    const prototype: unknown = Object.getPrototypeOf(value);
    let done = false;
    if (prototype === Object.prototype) done = this.#record(value as Record<string, unknown>);
    else if (prototype === Array.prototype) done = Array.isArray(value) && this.#array(value);
    else done = this.#exotic(value, prototype);
    this.#depth--;
    return done;
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
    for (let i = first; i < top; i++) {
      if (!this.#value(values[i])) return false;
      values[i] = undefined;
    }
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
    for (let i = 0; i < length; i++) if (!this.#value(items[i])) return false;
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
