// The times of tasks: one timer for all, which looks into what the workers run.
import { clockMs } from './clock.js';
import type { Member } from './member.js';
import type { Task } from './task.js';

const longestMs = 2 ** 31 - 1;
/** How soon to look again for a task that has not begun. */
const soonestMs = 1;

export class Deadlines {
  readonly #members: () => readonly Member[];
  readonly #expire: (member: Member, task: Task) => void;
  #timer: NodeJS.Timeout | undefined;
  #atMs = Infinity;

  /** `expire`: the worker runs the task for too long. */
  constructor(members: () => readonly Member[], expire: (member: Member, task: Task) => void) {
    this.#members = members;
    this.#expire = expire;
  }

  /** A task with a time was sent: it may be over in so many ms, not earlier. */
  plan(inMs: number): void {
    const atMs = clockMs() + inMs;
    if (atMs >= this.#atMs) return;
    clearTimeout(this.#timer);
    this.#atMs = atMs;
    // While there are tasks, what keeps the event loop alive is the wait for their outcomes.
    this.#timer = setTimeout(
      () => {
        this.#check();
      },
      Math.min(Math.ceil(inMs), longestMs),
    ).unref();
  }

  #check(): void {
    this.#atMs = Infinity;
    const now = clockMs();
    let nextMs = Infinity;
    for (const member of this.#members()) {
      const { running, sinceMs } = member.state;
      for (const task of [...member.sent.values()]) {
        const { timeoutMs } = task.choices;
        if (task.isSettled || timeoutMs === Infinity) continue;
        // One that has not begun has all of its time; of none at all, nothing would be seen of it.
        const leftMs =
          task.id === running ? sinceMs + timeoutMs - now : Math.max(timeoutMs, soonestMs);
        if (leftMs <= 0) this.#expire(member, task);
        else nextMs = Math.min(nextMs, leftMs);
      }
    }
    if (nextMs !== Infinity) this.plan(nextMs);
  }
}
