/** The start methods, against Node's own means and CPython's. */
import { getAllStartMethods } from 'node-multiprocessing';

import {
  pythonPeer,
  type Check,
  type NodeSubject,
  type Row,
  type Section,
  type Suite,
} from '../harness/suite.js';

const mostStartMs = 4;
const mostOwnBytes = 3 * 2 ** 20;

function way(name: string, preload?: string): NodeSubject {
  const args = preload === undefined ? [name] : [name, preload];
  return { kind: 'node', title: args.join(' with '), file: 'start.js', args };
}

function section(title: string, preload?: string): Section {
  const peers = ['child_process.fork', 'Worker'].map((name) => way(name, preload));
  const pythons =
    preload === undefined
      ? (['forkserver', 'fork', 'spawn'] as const).map((name) =>
          pythonPeer(`start-${name}`, `${name} (no preload)`),
        )
      : [];
  const forkServer = pythons.slice(0, 1);
  const faster: Check[] = [
    { kind: 'speedup', peer: peers[0]!, atLeast: 10 },
    ...forkServer.map((peer): Check => ({ kind: 'speedup', peer, atLeast: 1 })),
  ];
  const ours = getAllStartMethods().map((method) => way(method, preload));
  const rows: Row[] = ours.flatMap((subject) => {
    const isForked = subject.args![0] !== 'spawn';
    const start = { title: `${subject.title}: await start()`, subject } as const;
    return [
      { ...start, metric: 'startMs', unit: 'ms', checks: isForked ? [limit(mostStartMs)] : [] },
      {
        title: `${subject.title}: first line`,
        subject,
        metric: 'firstLineMs',
        unit: 'ms',
        checks: isForked ? faster : [{ kind: 'speedup', peer: peers[0]! }],
      },
      {
        title: `${subject.title}: own memory there`,
        subject,
        metric: 'ussBytes',
        unit: 'bytes',
        checks: isForked ? [limit(mostOwnBytes)] : [],
      },
      { title: `${subject.title}: the first one`, subject, metric: 'firstMs', unit: 'ms' },
    ];
  });
  for (const subject of [...peers, ...pythons]) {
    const { title: name } = subject;
    rows.push({ title: `${name}: first line`, subject, metric: 'firstLineMs', unit: 'ms' });
  }
  return { title, rows };
}

function limit(atMost: number): Check {
  return { kind: 'limit', atMost };
}

export const startSuite: Suite = [
  section('Start of a process, nothing preloaded'),
  section('Start of a process, typescript preloaded', 'typescript'),
];
