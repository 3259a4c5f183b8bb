// Classes whose instances travel as themselves: registered by name, in every process that meets them.
import { invalidArgument, MultiprocessingError } from '../errors.js';

/** A class of any constructor. */
export type AnyClass = abstract new (...args: never[]) => object;

const byName = new Map<string, AnyClass>();
const names = new WeakMap<AnyClass, string>();

/**
 * Makes instances of a class travel between processes as instances: an object arrives with its
 * class's prototype and copies of its own enumerable properties. Its constructor does not run again,
 * and `#private` fields do not travel. Call it in a module that every process loads, such as the one
 * that defines the class.
 *
 * @param registered - the class
 * @param options - `name`: what the class is called between processes (default: its own name)
 * @returns the class
 * @throws MultiprocessingError `ERR_MP_CLASS_NAME` when another class has that name already
 *
 * @example
 * ```ts
 * class Point { constructor(public x = 0, public y = 0) {} norm() { return Math.hypot(this.x, this.y); } }
 * registerClass(Point);
 * ```
 *
 * @public
 */
export function registerClass<C extends abstract new (...args: never[]) => object>(
  registered: C,
  options: { readonly name?: string } = {},
): C {
  if (typeof registered !== 'function' || (registered.prototype as unknown) === undefined) {
    throw invalidArgument('registerClass() takes a class');
  }
  const name = options.name ?? registered.name;
  if (typeof name !== 'string' || name === '') {
    throw invalidArgument('a class without a name is registered with { name }');
  }
  const holder = byName.get(name);
  if (holder !== undefined && holder !== registered) {
    throw new MultiprocessingError(
      `another class is registered as ${JSON.stringify(name)}: pass { name } to tell them apart`,
      { code: 'ERR_MP_CLASS_NAME' },
    );
  }
  byName.set(name, registered);
  names.set(registered, name);
  return registered;
}

/** The name under which the class of `object` is registered. */
export function registeredName(object: object): string | undefined {
  const { constructor } = object;
  return typeof constructor === 'function' ? names.get(constructor as AnyClass) : undefined;
}

export function registeredClass(name: string): AnyClass | undefined {
  return byName.get(name);
}
