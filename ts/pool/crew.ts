// The workers of a pool: starts them, replaces those that end, chooses who gets the next task.
import type { Head } from '../channel/ring.js';
import { WorkerLostError } from '../errors/pool.js';
import { beforeDaemonsEnd } from '../process/child.js';
import { Member, type Settings } from './member.js';
import type { Task } from './task.js';
import type { WorkerEnd, WorkerKind } from './worker.js';

export interface CrewOptions extends Settings {
  readonly kind: WorkerKind;
  readonly processes: number;
  /** A worker is replaced when it has run so many. */
  readonly maxTasksPerChild: number;
  /** Workers are started when there are tasks for them, not in advance. */
  readonly onDemand: boolean;
}

/** Whom a crew reports to. */
export interface CrewEvents {
  /** A worker has told something of a task. */
  receive(member: Member, head: Head, value: unknown): void;
  /** It has told all that it had to, for now. */
  drained(member: Member): void;
  /** It has ended; what it told was received. `isLost`: nobody wanted that. */
  ended(member: Member, end: WorkerEnd, isLost: boolean): void;
  /** No worker can be had. */
  failed(error: unknown): void;
}

/** After so many workers in a row that threw before they were ready, the pool gives up. */
const mostErrors = 3;
/** The same for those that were killed, or ended, without a word. */
const mostEnds = 20;

/** The crews of this thread: their workers end with the program, and are not replaced then. */
const crews = new Set<Crew>();
let isListening = false;

function listen(): void {
  if (isListening) return;
  isListening = true;
  beforeDaemonsEnd(() => {
    for (const crew of crews) crew.pause();
  });
}

export class Crew {
  readonly #options: CrewOptions;
  readonly #events: CrewEvents;
  #members: Member[] = [];
  #wanted: number;
  #lastNumber = 0;
  #turns = 0;
  #isWatching = false;
  #isPaused = false;
  #errorsInRow = 0;
  #endsInRow = 0;
  /** How many workers have been replaced. */
  replaced = 0;

  constructor(options: CrewOptions, events: CrewEvents) {
    this.#options = options;
    this.#events = events;
    this.#wanted = options.processes;
    listen();
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  get size(): number {
    return this.#wanted;
  }

  /** Starts the workers that are missing; `tasks`: for so many, where they start on demand. */
  fill(tasks: number): void {
    if (tasks > 0) this.#isPaused = false;
    if (this.#isPaused) return;
    const { onDemand } = this.#options;
    const wanted = onDemand ? Math.min(this.#wanted, tasks) : this.#wanted;
    let active = this.#active();
    for (; active < wanted; active += 1) this.#start();
  }

  /** The program ends, unless it goes on after all. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Changes how many there are; gives those that are to end. */
  resize(processes: number): Member[] {
    this.#wanted = processes;
    const surplus = this.#members
      .filter(({ status }) => status === 'ready' || status === 'starting')
      .sort((a, b) => a.sent.size - b.sent.size)
      .slice(0, Math.max(this.#active() - processes, 0));
    for (const member of surplus) member.retire();
    return surplus;
  }

  /** The worker that is to have the next task: one with the fewest, `ahead` beyond the running. */
  pick(ahead: number): Member | undefined {
    const { maxTasksPerChild, spinMs } = this.#options;
    let best: Member | undefined;
    for (const member of this.#members) {
      const { size } = member.sent;
      if (member.status !== 'ready' || size > ahead) continue;
      if (member.given >= maxTasksPerChild || member.isDoomed) continue;
      if (best === undefined || size < best.sent.size) best = member;
      else if (size > best.sent.size) continue;
      // In turn; but one that spins is the one that had the last.
      else if (spinMs > 0 ? member.idleSince > best.idleSince : member.idleSince < best.idleSince)
        best = member;
    }
    return best;
  }

  /** A task was sent to the worker. */
  given(member: Member): void {
    if (member.given >= this.#options.maxTasksPerChild) member.retire();
  }

  retire(member: Member): void {
    member.retire();
  }

  retireAll(): void {
    for (const member of this.#members) member.retire();
  }

  /** The worker that was sent the task and has not told its outcome. */
  memberOf(task: Task): Member | undefined {
    return this.#members.find(({ sent }) => sent.has(task.id));
  }

  /** The worker that has most tasks beyond the one that it runs. */
  busiest(): Member | undefined {
    let busiest: Member | undefined;
    for (const member of this.#members) {
      if (member.sent.size > (busiest?.sent.size ?? 1)) busiest = member;
    }
    return busiest;
  }

  /** Whether a worker has nothing to do. */
  get hasIdle(): boolean {
    return this.#members.some(({ status, sent }) => status === 'ready' && sent.size === 0);
  }

  /** Hears what workers tell; keeps the event loop alive. */
  watch(): void {
    this.#isWatching = true;
    for (const member of this.#members) this.#watch(member);
  }

  unwatch(): void {
    this.#isWatching = false;
    for (const member of this.#members) member.unwatch();
  }

  /** Resolves when there are no workers any more; keeps the event loop alive. */
  async join(): Promise<void> {
    while (this.#members.length > 0) {
      await Promise.all(
        this.#members.map(async (member) => {
          await member.started;
          if (member.hasStarted) await Promise.all([member.worker.join(), member.ended]);
        }),
      );
    }
  }

  /** Hears what they have told while nobody watched. */
  look(): void {
    for (const member of this.#members) this.#hear(member);
  }

  #active(): number {
    return this.#members.filter(({ status }) => status === 'starting' || status === 'ready').length;
  }

  #start(): void {
    const { kind } = this.#options;
    this.#lastNumber += 1;
    const member = new Member(kind, this.#options, this.#lastNumber);
    this.#members.push(member);
    crews.add(this);
    if (this.#isWatching) this.#watch(member);
    const start = async (): Promise<void> => {
      try {
        await member.worker.start();
      } catch (error) {
        this.#remove(member);
        this.#events.failed(error);
        return;
      }
      member.hasStarted = true;
      member.worker.onEnd((end) => {
        this.#ended(member, end);
      });
      if (member.isDoomed) member.kill();
    };
    member.started = start();
  }

  #watch(member: Member): void {
    member.watch(() => {
      this.#hear(member);
    });
  }

  #receive(member: Member): void {
    member.drain((head, value) => {
      if (head.id === 0) this.#ready(member);
      else this.#events.receive(member, head, value);
    });
  }

  #hear(member: Member): void {
    this.#receive(member);
    if (member.sent.size === 0) member.idleSince = ++this.#turns;
    this.#events.drained(member);
  }

  #ready(member: Member): void {
    if (member.status === 'starting') member.status = 'ready';
    this.#errorsInRow = 0;
    this.#endsInRow = 0;
  }

  #ended(member: Member, end: WorkerEnd): void {
    this.#receive(member);
    const { status, isDoomed } = member;
    const isLost = status !== 'retiring' && !isDoomed;
    if (isLost) this.replaced += 1;
    this.#remove(member);
    if (status === 'starting' && isLost) this.#countFailure(member, end);
    this.#events.ended(member, end, isLost);
  }

  #countFailure({ worker }: Member, end: WorkerEnd): void {
    if ('error' in end) {
      this.#errorsInRow += 1;
      if (this.#errorsInRow >= mostErrors) this.#events.failed(end.error);
      return;
    }
    this.#endsInRow += 1;
    if (this.#endsInRow < mostEnds) return;
    const { exitCode, signal } = end;
    const message = `${String(mostEnds)} workers in a row ended before they were ready`;
    this.#events.failed(new WorkerLostError(message, { pid: worker.pid, exitCode, signal }));
  }

  #remove(member: Member): void {
    this.#members = this.#members.filter((other) => other !== member);
    if (this.#members.length === 0) crews.delete(this);
    member.end();
  }
}
