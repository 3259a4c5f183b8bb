// Which class serves which kind of shared object. Classes register themselves, so that sharing an
// object, which lies below them, can make one again.
import type { ObjectKind } from '../native/binding.js';
import type { Place } from './memory.js';

/** A class of shared objects. */
export interface SharedClass {
  readonly kind: ObjectKind;
  /** Its constructor takes a {@link Place} too, instead of what users give it. */
  readonly type: new (...args: never[]) => object;
  addressOf(object: object): number;
}

const classes = new Map<number, SharedClass[]>();

export function register(shared: SharedClass): void {
  classes.set(shared.kind, [...(classes.get(shared.kind) ?? []), shared]);
}

/** The most derived registered class that `object` is an instance of. */
export function classOf(object: object): SharedClass | undefined {
  const matches = [...classes.values()].flat().filter(({ type }) => object instanceof type);
  return matches.at(-1);
}

/** The object of class `shared` at a place. */
export function objectAt(shared: SharedClass, place: Place): object {
  return new shared.type(...([place] as never[]));
}

export function classNamed(kind: number, name: string): SharedClass | undefined {
  return classes.get(kind)?.find(({ type }) => type.name === name);
}
