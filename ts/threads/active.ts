// The threads that this one has started and whose end it has not seen.
import type { Running } from './running.js';

const started = new Map<Running, object>();
let isHooked = false;

/** Keeps the Thread object of a thread until it has ended, and the program until then as well. */
export function addActive(running: Running, thread: object): void {
  started.set(running, thread);
  running.onEnd(() => {
    started.delete(running);
  });
  if (isHooked) return;
  isHooked = true;
  // A natural end comes only when they have ended, for their Workers keep the event loop;
  // process.exit() and an uncaught error come here.
  process.on('exit', joinAll);
}

function joinAll(): void {
  for (const running of started.keys()) {
    if (!running.isDaemon) running.waitSync(Infinity);
  }
}

/** The Thread objects of those that run; notices those that have ended. */
export function listStarted(): object[] {
  return [...started].filter(([running]) => !running.poll()).map(([, thread]) => thread);
}

/** The Thread object of a thread that this one has started; undefined for others'. */
export function startedThread(ident: number): object | undefined {
  for (const [running, thread] of started) {
    if (running.ident === ident) return thread;
  }
  return undefined;
}
