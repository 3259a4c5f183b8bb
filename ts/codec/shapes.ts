// Shapes of objects: their property names in order (tree-format.ts). The writer finds the shape of an
// object by following its names through a trie; the reader by the shape's hash.
import { malformed, maxName, maxNames } from './tree-format.js';

/** What a writer knows of a shape. */
export interface WrittenShape {
  readonly words: Int32Array;
  readonly hash: number;
  /** Of the message that last had it, and its number there. */
  message: number;
  index: number;
}

/** Where the names so far have led to. */
export class ShapeNode {
  shape: WrittenShape | undefined;
  // The last way that was taken from here is the likeliest next one.
  #lastName = '';
  #lastNode: ShapeNode | undefined;
  readonly #nodes = new Map<string, ShapeNode>();

  constructor(readonly names: readonly string[]) {}

  next(name: string): ShapeNode {
    if (this.#lastNode !== undefined && this.#lastName === name) return this.#lastNode;
    let node = this.#nodes.get(name);
    if (node === undefined) {
      node = new ShapeNode([...this.names, name]);
      this.#nodes.set(name, node);
      nodeCount++;
    }
    this.#lastName = name;
    this.#lastNode = node;
    return node;
  }
}

let nodeCount = 0;
const mostNodes = 4096;
let root = new ShapeNode([]);

/** Where each object begins. Shapes that nobody needs any more must not pile up. */
export function firstNode(): ShapeNode {
  if (nodeCount > mostNodes) {
    nodeCount = 0;
    root = new ShapeNode([]);
  }
  return root;
}

/** The shape of an object at whose last name a node stands; undefined: none that is written. */
export function shapeAt(node: ShapeNode, object: object): WrittenShape | undefined {
  const { names } = node;
  // Loops over properties see inherited ones, which are not sent.
  if (Object.keys(object).length !== names.length) return undefined;
  if (names.some(({ length }) => length > maxName)) return undefined;
  const words = wordsOf(names);
  return (node.shape = { words, hash: hashOf(words), message: 0, index: 0 });
}

function wordsOf(names: readonly string[]): Int32Array {
  const parts = names.map((name) => {
    const wide = /[^\0-\xff]/.test(name);
    return [
      Buffer.from([name.length, Number(wide)]),
      Buffer.from(name, wide ? 'utf16le' : 'latin1'),
    ];
  });
  const bytes = Buffer.concat([Buffer.of(names.length, 0), ...parts.flat()]);
  const words = new Int32Array(Math.ceil(bytes.length / 4));
  Buffer.from(words.buffer).set(bytes);
  return words;
}

function hashOf(words: Int32Array): number {
  let hash = words.length;
  for (const word of words) hash = Math.imul(hash ^ word, 0x9e3779b1) ^ (hash >>> 15);
  return hash;
}

/** Makes an object of values that stand in an array from a place on. */
type Make = (values: readonly unknown[], first: number) => object;

/** What a reader knows of a shape. */
export class ReadShape {
  readonly names: readonly string[];
  #made = 0;
  #make: Make | undefined;

  constructor(readonly words: Int32Array) {
    this.names = namesIn(Buffer.from(words.buffer));
  }

  make(values: readonly unknown[], first: number): object {
    if (this.#make !== undefined) return this.#make(values, first);
    // Compiling takes as long as making hundreds.
    if (++this.#made > 200) this.#make = compiled(this.names);
    const object: Record<string, unknown> = {};
    for (const [i, name] of this.names.entries()) setOwn(object, name, values[first + i]);
    return object;
  }
}

/** As an assignment, for names like `__proto__` too. */
export function setOwn(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') object[name] = value;
  else {
    const property = { value, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(object, name, property);
  }
}

/** An object literal, the quickest way to make an object; undefined where code may not be made. */
function compiled(names: readonly string[]): Make | undefined {
  // In brackets it is a property, and not what the object inherits from; other names are read faster.
  const key = (name: string): string =>
    name === '__proto__' ? `['__proto__']` : JSON.stringify(name);
  const members = names.map((name, i) => `${key(name)}: values[first + ${String(i)}]`);
  try {
    // Of names alone, quoted: nothing of a message is run.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    return new Function('values', 'first', `return { ${members.join(', ')} };`) as Make;
  } catch {
    return undefined;
  }
}

function namesIn(bytes: Buffer): string[] {
  const names: string[] = [];
  let at = 2;
  for (let count = bytes[0]!; count > 0; count--) {
    const [length, wide] = [bytes[at], bytes[at + 1]];
    if (length === undefined || wide === undefined || wide > 1) throw malformed();
    const end = at + 2 + length * (1 + wide);
    if (end > bytes.length) throw malformed();
    names.push(bytes.toString(wide === 1 ? 'utf16le' : 'latin1', at + 2, end));
    at = end;
  }
  if (names.length > maxNames) throw malformed();
  return names;
}
