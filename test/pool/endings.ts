// All ways in which the process of a worker may end.

/** Signals that end a process, but for those that Node takes for itself. */
const signals = {
  SIGHUP: 1,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGXCPU: 24,
  SIGVTALRM: 26,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

export type Way = keyof typeof signals | 'exit 0' | 'exit 1' | 'abort' | 'loop';

/** How a worker is seen to have ended. */
export interface Ending {
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | null;
}

/** By way; undefined: it does not end by itself, its task's time runs out. */
export const endings: ReadonlyMap<Way, Ending | undefined> = new Map<Way, Ending | undefined>([
  ...Object.entries(signals).map(
    ([signal, number]) =>
      [signal as Way, { exitCode: -number, signal: signal as NodeJS.Signals }] as const,
  ),
  ['exit 0', { exitCode: 0, signal: null }],
  ['exit 1', { exitCode: 1, signal: null }],
  ['abort', { exitCode: -signals.SIGABRT, signal: 'SIGABRT' }],
  ['loop', undefined],
]);

export function endBy(way: Way): never {
  if (way === 'exit 0') process.exit(0);
  if (way === 'exit 1') process.exit(1);
  if (way === 'abort') process.abort();
  if (way !== 'loop') process.kill(process.pid, way);
  for (;;);
}

/** Returns, and ends soon afterwards. */
export function endLater(way: Way): number {
  setTimeout(endBy, 1, way);
  return process.pid;
}

/** Ends while what it returns is written down. */
export const endInOutcome = (way: Way): unknown => ({
  get value(): never {
    return endBy(way);
  },
});
