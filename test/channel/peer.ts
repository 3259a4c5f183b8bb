// The other side of a connection under test: raw bytes in this process, or a thread that blocks.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import { native } from '#internal/native/binding';
import * as mp from 'node-multiprocessing';

export class Peer {
  readonly connection: mp.Connection;
  #socket: Socket | undefined;
  #worker: Worker | undefined;

  constructor(other?: (descriptor: number) => void) {
    const [one, two] = native.streamPair();
    this.connection = new mp.Connection(native.streamRelease(one));
    const descriptor = native.streamRelease(two);
    if (other === undefined) this.#socket = new Socket({ fd: descriptor });
    else other(descriptor);
  }

  /** A thread that plays the role with the other end. */
  static async inThread(role: keyof typeof roles): Promise<Peer> {
    let worker: Worker | undefined;
    const peer = new Peer((descriptor) => {
      worker = new Worker(__filename, { workerData: { descriptor, role } });
    });
    peer.#worker = worker;
    await once(peer.worker, 'message');
    return peer;
  }

  write(bytes: Buffer): void {
    this.#socket?.write(bytes);
  }

  end(): void {
    this.#socket?.destroy();
  }

  get worker(): Worker {
    assert.ok(this.#worker !== undefined);
    return this.#worker;
  }
}

const roles = {
  echo(connection: mp.Connection): void {
    for (;;) {
      const bytes = connection.recvBytesSync();
      if (bytes.toString() === 'end') break;
      connection.sendBytesSync(bytes);
    }
    connection.close();
  },
  block(connection: mp.Connection): void {
    connection.recvBytesSync();
  },
};

if (!isMainThread && (workerData as { role?: unknown } | null)?.role !== undefined) {
  const { descriptor, role } = workerData as { descriptor: number; role: keyof typeof roles };
  const connection = new mp.Connection(descriptor);
  parentPort?.postMessage('ready');
  roles[role](connection);
}
