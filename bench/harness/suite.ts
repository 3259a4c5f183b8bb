/**
 * The vocabulary of a suite: subjects are programs that measure, rows are figures of theirs that
 * are shown, checks hold a figure against a peer's or against a limit.
 */

export type Backend = 'wasm' | 'plain';

/** A file of cases/, for the back end of ours that it names or for Node's own means. */
export interface NodeSubject {
  readonly kind: 'node';
  readonly title: string;
  readonly file: string;
  readonly backend?: Backend;
  readonly nodeOptions?: readonly string[];
  /** What the case gets behind its milliseconds. */
  readonly args?: readonly string[];
  /** What the case learns from its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A case of peers/. */
export interface ForeignSubject {
  readonly kind: 'c' | 'python';
  readonly title: string;
  readonly peer: string;
}

/** A program that is started anew for each run and prints one line of metrics. */
export type Subject = NodeSubject | ForeignSubject;

/** How a figure is written; a rate (`…perSecond`) is better the higher, all others the lower. */
export type Unit =
  'ns' | 'us' | 'ms' | 'perSecond' | 'bytesPerSecond' | 'bytes' | 'count' | 'share';

export type Check = Readonly<
  | {
      /** value / peer's value, with a target or only for the record. */
      kind: 'ratio';
      peer: Subject;
      atMost?: number;
      atLeast?: number;
    }
  /** peer's value / value: how many times faster, for figures that are times. */
  | { kind: 'speedup'; peer: Subject; atLeast?: number }
  /** The value itself, in the unit of its row. */
  | { kind: 'limit'; atMost?: number; atLeast?: number }
>;

export interface Row {
  readonly title: string;
  readonly subject: Subject;
  readonly metric: string;
  readonly unit: Unit;
  readonly checks?: readonly Check[];
}

/** Rows whose subjects run interleaved, so that a change of the machine's mood meets all alike. */
export interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
}

export type Suite = readonly Section[];

/** A case of ours. The back end is named, so that no silent fall-back is measured in its place. */
export function ours(caseName: string, backend: Backend = 'wasm'): NodeSubject {
  return { title: `${caseName} (${backend})`, kind: 'node', file: `${caseName}.js`, backend };
}

/** A case of Node's own means. */
export function nodePeer(
  caseName: string,
  title: string,
  env: Readonly<Record<string, string>> = {},
): Subject {
  return { title, kind: 'node', file: `${caseName}.js`, env };
}

export function cPeer(peer: string, title: string): Subject {
  return { title: `C ${title}`, kind: 'c', peer };
}

export function pythonPeer(peer: string, title: string): Subject {
  return { title: `CPython ${title}`, kind: 'python', peer };
}

export function subjectsOf(section: Section): Subject[] {
  const checked = section.rows.flatMap((row) =>
    (row.checks ?? []).flatMap((check) => ('peer' in check ? [check.peer] : [])),
  );
  return [...new Set([...section.rows.map((row) => row.subject), ...checked])];
}
