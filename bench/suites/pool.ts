/** Pools of two workers: ours, those of other packages, CPython's. */
import type { PoolName } from '../harness/pools.js';
import {
  pythonPeer,
  type Check,
  type NodeSubject,
  type Row,
  type Section,
  type Subject,
  type Suite,
  type Unit,
} from '../harness/suite.js';

const ours: readonly PoolName[] = ['Pool', 'Pool, spin 50 µs', 'ThreadPool'];
const theirs: readonly PoolName[] = [
  'piscina',
  'tinypool, threads',
  'tinypool, processes',
  'workerpool, threads',
  'workerpool, processes',
  'jest-worker, threads',
  'jest-worker, processes',
];

interface Figure {
  readonly metric: string;
  readonly unit: Unit;
  readonly what: string;
}

const cpu: Figure = { metric: 'cpuUs', unit: 'us', what: 'processor time a task' };

interface Comparison {
  readonly title: string;
  /** The case, and that of peer.py without its library. */
  readonly name: string;
  readonly figures: readonly Figure[];
  /** What ours have to reach, by pool: in the first figure. */
  readonly targets?: Partial<Record<PoolName, Check>>;
  /** Held against every other, in the first figure. */
  readonly atLeast?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly further?: readonly Row[];
}

function section({ title, name, figures, targets = {}, env, ...more }: Comparison): Section {
  const subject = (pool: PoolName): NodeSubject => ({
    kind: 'node',
    title: pool,
    file: `pool-${name}.js`,
    args: [pool],
    ...(env !== undefined && { env }),
  });
  const peers: Subject[] = [
    ...theirs.map(subject),
    pythonPeer(`pool-${name}`, 'Pool'),
    pythonPeer(`executor-${name}`, 'ProcessPoolExecutor'),
  ];
  const comparisons = (isRate: boolean): Check[] =>
    peers.map((peer): Check => {
      const kind = isRate ? 'ratio' : 'speedup';
      return more.atLeast === undefined ? { kind, peer } : { kind, peer, atLeast: more.atLeast };
    });
  const rows = [...ours.map(subject), ...peers].flatMap((each) =>
    figures.map(({ metric, unit, what }, i): Row => {
      const target = targets[each.title as PoolName];
      const checks: Check[] = i === 0 && target !== undefined ? [target] : [];
      if (i === 0 && each.title === 'Pool') checks.push(...comparisons(unit === 'perSecond'));
      return { title: `${each.title}: ${what}`, subject: each, metric, unit, checks };
    }),
  );
  return { title, rows: [...rows, ...(more.further ?? [])] };
}

const latency = { metric: 'p50Us', unit: 'us', what: 'median' } as const;
const rate = { metric: 'perSecond', unit: 'perSecond', what: 'tasks' } as const;
const shared: NodeSubject = { kind: 'node', title: 'shared', file: 'pool-array-shared.js' };
const copying: NodeSubject = { kind: 'node', title: 'memcpy', file: 'memcpy-1mb.js' };

export const poolSuite: Suite = [
  section({
    title: 'pool: x => x * 2, one task after the other',
    name: 'latency',
    figures: [latency, cpu],
    targets: {
      Pool: { kind: 'limit', atMost: 60 },
      'Pool, spin 50 µs': { kind: 'limit', atMost: 25 },
    },
  }),
  section({
    title: 'pool: x => x * 2, many tasks at a time',
    name: 'pipelined',
    figures: [rate, cpu],
    targets: { Pool: { kind: 'limit', atLeast: 150e3 } },
  }),
  section({
    title: 'pool: x => x * 2, many items in chunks (1,000 by hand where there is no map)',
    name: 'map',
    figures: [{ ...rate, what: 'items' }, cpu],
    targets: { Pool: { kind: 'limit', atLeast: 2e6 } },
  }),
  section({ title: 'pool: tasks of 1 ms', name: 'busy', figures: [rate, cpu] }),
  section({
    title: 'pool: a Float64Array of 1 MB there and back',
    name: 'array',
    figures: [latency, cpu],
    env: { BENCH_SERIALIZATION: 'advanced' },
    further: [
      { title: 'Pool, a shared Array: median', subject: shared, metric: 'p50Us', unit: 'us' },
      { title: 'four times memcpy of 1 MB', subject: copying, metric: 'p50Us', unit: 'us' },
    ],
  }),
  section({
    title: 'pool: from its making to the first outcome',
    name: 'start',
    figures: [
      { metric: 'nextMs', unit: 'ms', what: 'a further one' },
      { metric: 'firstMs', unit: 'ms', what: 'the first of a program' },
    ],
    atLeast: 3,
  }),
];
