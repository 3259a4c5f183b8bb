// What this thread's journal says of one object: its holds and its waits.
import { observeCreation } from '../memory/memory.js';
import { selfAt } from '../memory/self.js';
import { native, ObjectKind } from '../native/binding.js';
import { thisProcess } from '../process/this-process.js';
import { callSite } from './call-site.js';
import { Journal, keyOf, type Hold, type Mode, type ObjectPlace } from './journal.js';
import { WatchedWait } from './watched-wait.js';
import { moduleLevelLines, warn } from './words.js';

/** An object, or one side of it. */
export interface Used {
  readonly address: number;
  readonly kind: ObjectKind;
  readonly mode?: Mode | undefined;
}

/** How it is waited for. */
export interface Waiting {
  readonly method: string;
  readonly isBlocking: boolean;
  /** Infinity: for ever. */
  readonly timeoutMs: number;
  /** How long it may last before there is a warning. */
  readonly limitMs: number;
}

let lastId = 0;

/** The wait of the call that is under way; the caller ends it. */
export function beginWait(used: Used, { limitMs, timeoutMs, ...how }: Waiting): WatchedWait {
  const site = siteOfUse(used);
  const limit = Number.isFinite(timeoutMs) ? timeoutMs : null;
  const wait = { ...startOf(used, site), ...how, timeoutMs: limit };
  return new WatchedWait(wait, limitMs);
}

/** The thread has got it once more. */
export function addHold(used: Used, site = siteOfUse(used)): void {
  const journal = Journal.mine;
  const known = findHold(journal, used);
  if (known === undefined) {
    journal.holds.add({ ...startOf(used, site), self: selfAt(used.address).id, count: 1 });
  } else {
    known.count += 1;
    if (known.count === 0) journal.holds.delete(known);
  }
  journal.publish();
}

/** The thread has released it, so often. */
export function dropHold(used: Used, count = 1): void {
  const journal = Journal.mine;
  const known = findHold(journal, used);
  if (known !== undefined) {
    known.count -= count;
    if (known.count === 0) journal.holds.delete(known);
  } else if (used.kind === ObjectKind.semaphore) {
    const self = selfAt(used.address).id;
    journal.holds.add({ ...startOf(used, siteOfUse(used)), self, count: -count });
  } else {
    return;
  }
  journal.publish();
}

function startOf({ address, kind, mode }: Used, site: string) {
  return { id: ++lastId, place: placeOf(address), kind, mode, site, since: Date.now() };
}

function placeOf(address: number): ObjectPlace {
  return native.placeOf(address);
}

function findHold(journal: Journal, { address, mode }: Used): Hold | undefined {
  const key = keyOf(placeOf(address));
  for (const hold of journal.holds) {
    if (hold.mode === mode && keyOf(hold.place) === key) return hold;
  }
  return undefined;
}

/** Objects that were made while a module was loaded in this child, and where. */
const moduleLevel = new Map<number, string>();

/** Notes where objects are made, and which of them each child makes for itself. */
export function watchCreation(): void {
  observeCreation((address) => {
    const { text, isModuleLevel } = callSite();
    Journal.mine.addMade(placeOf(address), text);
    if (isModuleLevel && thisProcess().parent !== undefined) moduleLevel.set(address, text);
    else moduleLevel.delete(address);
  });
}

function siteOfUse({ address, kind }: Used): string {
  const { text } = callSite();
  const made = moduleLevel.get(address);
  if (made !== undefined) {
    moduleLevel.delete(address);
    warn(moduleLevelLines(kind, made, text));
  }
  return text;
}
