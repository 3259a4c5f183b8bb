/**
 * The other party of a case: a process started from a case file with `child_process.fork`, which
 * gets the shared objects as handles. Messages over its channel only set the scene; while a case
 * measures, nothing but the measured thing passes between the two.
 */
import { fork, type ChildProcess, type Serializable } from 'node:child_process';
import { once } from 'node:events';
import * as mp from 'node-multiprocessing';

const roleArgument = 'partner';

/** True in a process that `startPartner` started. */
export function isPartner(): boolean {
  return process.argv[3] === roleArgument;
}

export type Channel = ChildProcess | NodeJS.Process;

/** The next message. The two sides take turns, so that none can arrive between two calls. */
export async function receive(channel: Channel): Promise<unknown> {
  const [message] = (await once(channel, 'message')) as [unknown];
  return message;
}

export function send(channel: Channel, message: Serializable): void {
  channel.send?.(message);
}

type Handle = Parameters<typeof mp.attach>[0];
type Shareable = Parameters<typeof mp.share>[0];

interface SetupMessage {
  readonly handles: readonly Handle[];
  readonly rounds: number;
}

/** What a partner starts from: the shared objects, and how much it has to do. */
export interface Setup {
  readonly objects: readonly unknown[];
  readonly rounds: number;
}

/**
 * Starts `file` as the other party and resolves when that has called `ready()`.
 * A partner that ends before its time ends the case too, with an error instead of a hang.
 */
export async function startPartner(
  file: string,
  shared: readonly Shareable[],
  rounds = 0,
): Promise<ChildProcess> {
  const child = fork(file, [process.argv[2] ?? '300', roleArgument], { serialization: 'json' });
  child.once('exit', (code, signal) => {
    process.stderr.write(`partner ended early: ${signal ?? `exit code ${String(code)}`}\n`);
    process.exit(1);
  });
  const handles = shared.map((object) => mp.share(object));
  send(child, { handles, rounds } satisfies SetupMessage);
  await receive(child);
  return child;
}

/** In the partner: what `startPartner` was given. To be answered with `ready()`. */
export async function receiveSetup(): Promise<Setup> {
  const { handles, rounds } = (await receive(process)) as SetupMessage;
  return { objects: handles.map((handle) => mp.attach(handle)), rounds };
}

export function ready(): void {
  send(process, 'ready');
}

/** Lets the partner go: with its channel closed, nothing keeps it alive. */
export function dismiss(child: ChildProcess): void {
  child.removeAllListeners('exit');
  child.disconnect();
}
