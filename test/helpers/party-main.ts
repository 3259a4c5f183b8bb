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

export interface Request {
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

/** How this party hears and answers. */
interface Line {
  answer(message: Answer): void;
  end(): void;
}

function perform(request: Question, line: Line): unknown {
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
      line.end();
      return undefined;
    case 'exit':
      process.exit();
  }
}

async function serve({ id, question }: Request, line: Line): Promise<void> {
  try {
    line.answer({ id, value: await perform(question, line) });
  } catch (thrown) {
    const { name, message, code } = thrown as Error & { code?: string };
    line.answer({ id, error: { name, message, code } });
  }
}

const emitterLine: Line = {
  answer(message) {
    if (parentPort !== null) parentPort.postMessage(message);
    else if (process.connected) process.send?.(message);
  },
  end() {
    if (parentPort === null) process.disconnect();
    else parentPort.close();
  },
};

/** What a party does that is a Process: serves until `end`, or until the other has gone. */
export async function serveConnection(connection: mp.Connection): Promise<void> {
  const ending = new AbortController();
  const line: Line = {
    answer: (message) => void connection.send(message).catch(() => undefined),
    end: () => {
      ending.abort();
    },
  };
  while (!ending.signal.aborted) void serve((await connection.recv()) as Request, line);
  connection.close();
}

const isParty = parentPort !== null || require.main === module;
if (isParty) {
  (parentPort ?? process).on('message', (request: Request) => {
    void serve(request, emitterLine);
  });
}
