// Which class serves which kind of shared object. Classes register themselves, so that sharing an
// object, which lies below them, can make one again.
import type { ObjectKind } from '../native/binding.js';
import type { Place } from './memory.js';

/** A class of shared objects. */
export interface SharedClass {
  readonly kind: ObjectKind;
  /** What `instanceof` knows its objects by; its name is in their handles. */
  readonly type: new (...args: never[]) => object;
  addressOf(object: object): number;
  /** Whether the object can still be used; of classes whose objects cost much to make again. */
  isOpen?(object: object): boolean;
  /** Whose collection drops the object in this process, where that is not the object itself. */
  ownerOf?(object: object): object;
  /**
   * What a handle has to say besides the place, as JSON: the handle of a lock of the object's own,
   * for one. Handles are properties of it, made with the same `holder`.
   */
  detailOf?(object: object, holder: number | undefined): unknown;
  /** The object at a place. Without it the constructor takes a {@link Place} too. */
  open?(place: Place, detail: unknown): object;
}

const classes = new Map<number, SharedClass[]>();
/** All of them, derived ones before those that they are derived from. */
let derivedFirst: readonly SharedClass[] = [];

export function register(shared: SharedClass): void {
  classes.set(shared.kind, [...(classes.get(shared.kind) ?? []), shared]);
  derivedFirst = [...classes.values()].flat().reverse();
}

/** The most derived registered class that `object` is an instance of. */
export function classOf(object: object): SharedClass | undefined {
  return derivedFirst.find(({ type }) => object instanceof type);
}

/** The object of class `shared` at a place. */
export function objectAt(shared: SharedClass, place: Place, detail: unknown): object {
  return shared.open?.(place, detail) ?? new shared.type(...([place] as never[]));
}

export function classNamed(kind: number, name: string): SharedClass | undefined {
  return classes.get(kind)?.find(({ type }) => type.name === name);
}
