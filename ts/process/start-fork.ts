// The start method `fork`: the process as it is, once more. Nothing is sent; the child has the same
// objects, and goes on with the target instead of what its parent goes on with.
//
// Forked is at the beginning of a turn of the event loop, when no JavaScript is under way. What
// cannot be copied then (native/fork/event_loop.h, native/fork/threads.h) is an error, never a risk.
import { isMainThread } from 'node:worker_threads';

import { handOver, type HandedOver } from '../codec/hand-over.js';
import { MultiprocessingError } from '../errors.js';
import { forgetParent, onForked } from '../memory/forked.js';
import { treeFile } from '../memory/memory.js';
import { native, type ForkedSelf } from '../native/binding.js';
import { becomeCopy } from './after-fork.js';
import { fulfil } from './fulfil.js';
import { Child } from './child.js';
import { setCurrentProcess } from './current.js';
import { dropInherited } from './inherited.js';
import type { Process } from './process.js';
import { whyNoQueues } from './node-queues.js';
import { newRecord, recordOf, setRecord } from './record.js';
import { addForker, inheritMethod, type ForkOrder } from './start-methods.js';
import { becomeProcess } from './this-process.js';

/** How long requests that are under way may take to end. */
const patienceMs = 1000;
const probeCode = 42;

function refused(reason: string): MultiprocessingError {
  return new MultiprocessingError(
    `this process cannot be forked now: ${reason}. Fork earlier or later, or start the process by ` +
      'the forkserver or spawn',
    { code: 'ERR_MP_FORK_REFUSED' },
  );
}

/** Forks are made one after another: a child must not go on with its parent's next one. */
let last: Promise<unknown> = Promise.resolve();

onForked(() => {
  last = Promise.resolve();
});

function fork(order: ForkOrder): Promise<Child> {
  const turn = last.then(() => forkInTurn(order));
  last = turn.catch(() => undefined);
  return turn;
}

function forkInTurn(order: ForkOrder): Promise<Child> {
  if (!isMainThread) throw refused('only the main thread of a process can fork it');
  const { isDaemon } = order.identity;
  const arena = treeFile().descriptor;
  const handed = handOver(recordOf(order.self).args);
  const holder = native.selfAt(0);
  return new Promise((resolve, reject) => {
    const request = { arena, payload: new Uint8Array(), isDaemon };
    native.forkLive(request, patienceMs, (forked) => {
      if (typeof forked === 'object') {
        becomeChild({ order, handed, holder, forked });
      } else if (typeof forked === 'number') {
        resolve(Child.forked(forked, isDaemon));
      } else {
        handed.takeBack();
        reject(refused(forked));
      }
    });
  });
}

interface Birth {
  readonly order: ForkOrder;
  readonly handed: HandedOver;
  /** Id of the parent's thread in shared memory. */
  readonly holder: number;
  readonly forked: ForkedSelf;
}

/** From here on this is another process. */
function becomeChild({ order, handed, holder, forked }: Birth): void {
  const self = order.self as Process;
  const { target, args } = recordOf(self);
  forgetParent();
  dropInherited();
  becomeCopy(forked.pid);
  native.takeTask(forked.control, forked.mailbox, forked.parent);
  becomeProcess({ identity: order.identity, parent: order.parent });
  inheritMethod(order.startMethod);
  setRecord(self, newRecord({ ...order.identity, target, args, isCurrent: true }));
  setCurrentProcess(self);
  native.tellStarted();
  void fulfil({ name: order.identity.name, holder }, () => {
    handed.receive();
    return self;
  });
}

/** Uses what a fork that went wrong would lack: collected garbage, compiled code. */
function probe(): number {
  let kept: unknown[] = [];
  for (let i = 0; i < 200_000; i += 1) {
    if (i % 20_000 === 0) kept = [];
    kept.push({ i });
  }
  return kept.length > 0 ? probeCode : 1;
}

/** Empty: it works. Undefined: that cannot be known now. */
function judge(): string | undefined {
  const gate = native.forkLiveGate();
  if (gate !== '') return gate;
  return whyNoQueues() ?? (isMainThread ? native.forkProbe(probe) : undefined);
}

let verdict: string | undefined;

/** Tried out once in a process; not where that cannot be forked just now: start() will say why. */
function whyNot(): string | undefined {
  verdict ??= judge();
  return verdict === '' ? undefined : verdict;
}

addForker('fork', { whyNot, fork });
