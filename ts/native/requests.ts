// What the addon is told to start a process, and what a forkserver answers.

/** A process to start. */
export interface SpawnRequest {
  readonly program: string;
  readonly arguments: readonly string[];
  /** NAME=value each. */
  readonly environment: readonly string[];
  readonly directory: string;
  /** Descriptor of the tree's memory, which the child gets. */
  readonly arena: number;
  /** What the child finds in its mailbox. */
  readonly payload: Uint8Array;
  readonly isDaemon: boolean;
}

/** A process to fork from the forkserver. */
export interface ForkRequest extends Pick<SpawnRequest, 'arena' | 'payload' | 'isDaemon'> {
  /** What the child needs before all else: its Surroundings, as JSON. */
  readonly task: string;
}

/** A process to fork from this one. */
export type LiveForkRequest = Pick<SpawnRequest, 'arena' | 'payload' | 'isDaemon'>;

/** What a process that was forked from another is told: its number and descriptors of its own. */
export interface ForkedSelf {
  readonly pid: number;
  readonly control: number;
  readonly mailbox: number;
  readonly parent: number;
}

/** A forkserver to start. */
export interface ForkserverRequest extends Omit<SpawnRequest, 'payload' | 'isDaemon'> {
  /** Its ForkserverSetup, as JSON. */
  readonly setup: Uint8Array;
}

/** What a forkserver or its child says; the table is in native/fork/messages.h. */
export interface ForkReply {
  readonly kind: number;
  readonly sequence: number;
  readonly number: number;
  readonly text: string;
}

/** What the addon has for forks. */
export interface ForkNative {
  forkGate(): string;
  forkServe(socket: number): { readonly pid: number; readonly task: string } | string;
  forkRefuse(socket: number, reason: string): void;
  forkObstacle(): string;
  forkSockets(): [number, number];
  forkOrder(
    socket: number,
    sequence: number,
    task: Uint8Array,
    descriptors: readonly number[],
  ): void;
  forkLive(
    request: LiveForkRequest,
    patienceMs: number,
    callback: (forked: number | string | ForkedSelf) => void,
  ): void;
  forkLiveGate(): string;
  forkProbe(job: () => number): string | undefined;
  forkserverStart(request: ForkserverRequest): void;
  forkserverState(timeoutMs: number): {
    readonly state: 'none' | 'starting' | 'ready' | 'refused';
    readonly reason: string;
  };
  forkserverStop(): void;
  onForkserver(callback: () => void): boolean;
  forkserverFork(request: ForkRequest): number | undefined;
  forkReply(socket: number): ForkReply | null | undefined;
}
