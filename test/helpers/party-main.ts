// The program of the other party, as a process and as a worker thread; see party.ts.
import { parentPort } from 'node:worker_threads';
import * as mp from 'node-multiprocessing';

import { roles, type RoleName } from './roles.js';
import type { Shared } from './shared-words.js';

type Handle = mp.SharedHandle<Shared>;

export type Question =
  | { readonly what: 'ping' | 'end' | 'exit' }
  | {
      readonly what: 'call';
      readonly handle: Handle;
      readonly member: string;
      readonly args: readonly unknown[];
    }
  | {
      readonly what: 'play';
      readonly role: RoleName;
      readonly handles: readonly Handle[];
      readonly settings: unknown;
    };

interface Request {
  readonly id: number;
  readonly question: Question;
}

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { name: string; message: string; code: string | undefined };
}

const attached = new Map<string, Shared>();

/** One object for all handles of one, as a program that attaches once would have. */
function objectOf(handle: Handle): Shared {
  const { segment, offset, serial } = handle.place;
  const key = `${segment} ${offset} ${serial}`;
  const received = mp.attach(handle);
  const object = attached.get(key) ?? received;
  attached.set(key, object);
  return object;
}

function end(): void {
  if (parentPort === null) process.disconnect();
  else parentPort.close();
}

function perform(request: Question): unknown {
  switch (request.what) {
    case 'ping':
      return 'pong';
    case 'call': {
      const object = objectOf(request.handle);
      const member: unknown = Reflect.get(object, request.member);
      return typeof member === 'function'
        ? (Reflect.apply(member, object, request.args) as unknown)
        : member;
    }
    case 'play':
      return roles[request.role](request.handles.map(objectOf) as never, request.settings as never);
    case 'end':
      end();
      return undefined;
    case 'exit':
      process.exit();
  }
}

function answer(message: Answer): void {
  if (parentPort !== null) parentPort.postMessage(message);
  else if (process.connected) process.send?.(message);
}

async function serve(request: Request): Promise<void> {
  const { id, question } = request;
  try {
    answer({ id, value: await perform(question) });
  } catch (thrown) {
    const { name, message, code } = thrown as Error & { code?: string };
    answer({ id, error: { name, message, code } });
  }
}

(parentPort ?? process).on('message', (request: Request) => {
  void serve(request);
});
