// The signals of tasks: one listener for each signal, however many tasks have it.
import type { Task } from './task.js';

export class Signals {
  readonly #tasks = new Map<AbortSignal, Set<Task>>();
  readonly #onAbort: (task: Task, reason: unknown) => void;

  constructor(onAbort: (task: Task, reason: unknown) => void) {
    this.#onAbort = onAbort;
  }

  /** From now on, until the task is dropped. */
  listen(task: Task, signal: AbortSignal): void {
    const tasks = this.#tasks.get(signal) ?? this.#begin(signal);
    tasks.add(task);
    task.stopListening = () => {
      tasks.delete(task);
      if (tasks.size > 0 || this.#tasks.get(signal) !== tasks) return;
      this.#tasks.delete(signal);
      signal.removeEventListener('abort', this.#aborted);
    };
  }

  #begin(signal: AbortSignal): Set<Task> {
    const tasks = new Set<Task>();
    this.#tasks.set(signal, tasks);
    signal.addEventListener('abort', this.#aborted, { once: true });
    return tasks;
  }

  readonly #aborted = (event: globalThis.Event): void => {
    const signal = event.target as AbortSignal;
    const tasks = [...(this.#tasks.get(signal) ?? [])];
    this.#tasks.delete(signal);
    for (const task of tasks) this.#onAbort(task, signal.reason);
  };
}
