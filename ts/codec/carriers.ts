// Objects of the system that messages carry, such as sockets: the classes that can, by name. Rooms
// above this one register theirs.

import { NotCloneableError } from '../errors.js';

/** A class whose instances travel in messages. */
export interface Carrier<T extends object = object> {
  /** What the class is called in messages. */
  readonly name: string;
  readonly type: abstract new (...args: never[]) => T;
  /**
   * What the message says of it, as JSON. From now on it is on its way, until one of the others;
   * `holder` is as in the codec's EncodeOptions.
   */
  pack(object: T, holder?: number): unknown;
  /** The object on the other side. */
  unpack(detail: unknown): T;
  /** The message was not sent, or will not be read. */
  takeBack(detail: unknown): void;
  /** The message was sent, but nobody will read it: the object is nobody's. Default: takeBack. */
  forsake?(detail: unknown): void;
}

/** An object on its way. */
export interface Carried {
  readonly name: string;
  readonly detail: unknown;
}

const carriers: Carrier[] = [];

export function registerCarrier<T extends object>(carrier: Carrier<T>): void {
  carriers.push(carrier);
}

/** A class that may have a private constructor. */
interface ClassOf {
  readonly name: string;
  readonly prototype: object;
}

/** Objects of the class cannot be sent; `why` ends the error's sentence. */
export function registerStayer(type: ClassOf, why: string): void {
  const refuse = (what: string): never => {
    throw new NotCloneableError(`a ${what} cannot be sent to another process: ${why}`);
  };
  registerCarrier({
    name: type.name,
    type: type as unknown as Carrier['type'],
    pack: (object) => refuse(object.constructor.name),
    unpack: () => refuse(type.name),
    takeBack: () => undefined,
  });
}

export function carrierOf(object: object): Carrier | undefined {
  return carriers.find(({ type }) => object instanceof type);
}

export function pack(carrier: Carrier, object: object, holder?: number): Carried {
  return { name: carrier.name, detail: carrier.pack(object, holder) };
}

export function unpack({ name, detail }: Carried): object {
  const carrier = carriers.find((one) => one.name === name);
  if (carrier === undefined) throw new TypeError(`nothing here can receive a ${name}`);
  return carrier.unpack(detail);
}

export function forsake({ name, detail }: Carried): void {
  const carrier = carriers.find((one) => one.name === name);
  if (carrier?.forsake === undefined) carrier?.takeBack(detail);
  else carrier.forsake(detail);
}

export function takeBack({ name, detail }: Carried): void {
  carriers.find((one) => one.name === name)?.takeBack(detail);
}
