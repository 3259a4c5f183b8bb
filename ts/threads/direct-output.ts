// stdout and stderr of a thread, written at once. Node's own go through the event loop of the thread
// that started the Worker: nothing would appear while that is blocked, and lines would change places.
import { writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { isatty, WriteStream } from 'node:tty';

import { native } from '../native/binding.js';

/** How long to wait at a time for a pipe that is full, in ms. */
const fullMs = 50;

function directOutput(fd: number): Writable {
  const stream = new Writable({
    write: (chunk: Buffer, ...[, done]) => {
      try {
        writeAll(fd, chunk);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
  return Object.assign(stream, {
    fd,
    isTTY: isatty(fd),
    // What a console asks a terminal; both look at the environment only.
    getColorDepth: (env?: object) => WriteStream.prototype.getColorDepth(env),
    hasColors: (count?: number) => WriteStream.prototype.hasColors(count),
  });
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let start = 0; start < bytes.length;) {
    try {
      start += writeSync(fd, bytes, start);
    } catch (error) {
      // Somebody made the pipe non-blocking, and it is full.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      native.waitDescriptors([fd], true, fullMs);
    }
  }
}

/** Replaces this thread's `process.stdout` and `process.stderr`; before anybody has used them. */
export function useDirectOutput(): void {
  for (const [name, fd] of [
    ['stdout', 1],
    ['stderr', 2],
  ] as const) {
    const stream = directOutput(fd);
    Object.defineProperty(process, name, { value: stream, configurable: true, enumerable: true });
  }
}
