// Tasks that wait for a worker: those of higher priority first, then in the order in which they came.
import type { Task } from './task.js';

/** First in, first out, with a place for those that come back. */
class Fifo {
  #front: Task[] = [];
  #items: (Task | undefined)[] = [];
  #next = 0;

  push(task: Task): void {
    this.#items.push(task);
  }

  unshift(task: Task): void {
    this.#front.push(task);
  }

  /** The next that is not settled already. */
  shift(): Task | undefined {
    for (let task = this.#take(); task !== undefined; task = this.#take()) {
      if (!task.isSettled) return task;
    }
    return undefined;
  }

  #take(): Task | undefined {
    const front = this.#front.pop();
    if (front !== undefined) return front;
    if (this.#next >= this.#items.length) {
      this.#items = [];
      this.#next = 0;
      return undefined;
    }
    const task = this.#items[this.#next];
    this.#items[this.#next] = undefined;
    this.#next += 1;
    // Without moving the rest each time.
    if (this.#next >= 1024 && 2 * this.#next >= this.#items.length) {
      this.#items = this.#items.slice(this.#next);
      this.#next = 0;
    }
    return task;
  }
}

export class TaskQueue {
  readonly #queues = new Map<number, Fifo>();
  #priorities: number[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(task: Task): void {
    task.isSent = false;
    this.#of(task).push(task);
    this.#size += 1;
  }

  /** For one that was taken and could not be sent, or came back: it is the next. */
  unshift(task: Task): void {
    task.isSent = false;
    this.#of(task).unshift(task);
    this.#size += 1;
  }

  shift(): Task | undefined {
    for (const priority of this.#priorities) {
      const task = this.#queues.get(priority)!.shift();
      if (task !== undefined) {
        this.#size -= 1;
        task.isSent = true;
        return task;
      }
    }
    return undefined;
  }

  /** One that is in it was settled: it will not be given out. */
  settled(): void {
    this.#size -= 1;
  }

  #of({ choices: { priority } }: Task): Fifo {
    let queue = this.#queues.get(priority);
    if (queue === undefined) {
      queue = new Fifo();
      this.#queues.set(priority, queue);
      this.#priorities = [...this.#queues.keys()].sort((a, b) => b - a);
    }
    return queue;
  }
}
