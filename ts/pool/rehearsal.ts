// What a forkserver does so that the workers that are forked from it find their code compiled: the
// first steps of a worker, in the server itself.
import { ringOf } from '../channel/queue.js';
import { Head } from '../channel/ring.js';
import { SimpleQueue } from '../channel/simple-queue.js';
import { decode, encode } from '../codec/codec.js';
import { messageOf } from '../codec/message.js';
import { referenceOf } from '../functions/reference-of.js';
import { release } from '../memory/memory.js';
import { native } from '../native/binding.js';
import { addRehearsal } from '../process/bootstrap.js';
import { Form } from './protocol.js';
import { serve } from './run-worker.js';
import { newState } from './shared-state.js';
import type { WorkerArguments } from './worker.js';

/** The task of the worker that is none. */
export const same = (value: number): number => value;

async function rehearse(): Promise<void> {
  const [tasks, results, state] = [new SimpleQueue(), new SimpleQueue(), newState()];
  const message = encode({ tasks, results, state, initargs: [], spinMs: 0 });
  const args = (await decode(message)) as WorkerArguments;
  const ring = ringOf(tasks);
  const head = new Head();
  const put = (id: number, form: Form, content: unknown): void => {
    Object.assign(head, { id, detail: form, first: 1 });
    ring.put(
      messageOf(content, () => 0),
      0,
      head,
    );
  };
  put(0, Form.definition, JSON.stringify(referenceOf(same)));
  put(1, Form.single, 1);
  put(2, Form.numbers, Float64Array.of(1, 2));
  native.ringShutDown(ring.address, false);
  await serve(args);
  for (const queue of new Set([tasks, results, args.tasks, args.results])) {
    release(queue, ringOf(queue).address);
  }
  for (const words of new Set([state, args.state]))
    (words as Float64Array & Disposable)[Symbol.dispose]();
}

addRehearsal(async () => {
  try {
    await rehearse();
  } catch {
    // Without room in shared memory, for example: it was a rehearsal.
  }
});
