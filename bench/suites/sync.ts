/** Event, Condition, Barrier, RWLock and robust semaphores, against C and CPython. */
import {
  cPeer,
  ours,
  pythonPeer,
  type Backend,
  type Row,
  type Section,
  type Subject,
  type Suite,
} from '../harness/suite.js';

interface Peers {
  readonly c: Subject;
  /** None of what CPython does not have. */
  readonly python?: Subject;
  readonly atMost?: number;
}

/** One call on both back ends, and its peers; only the wasm one has a target. */
function section(title: string, caseName: string, { c, python, atMost }: Peers): Section {
  const row = { metric: 'ns', unit: 'ns' } as const;
  const againstC = { kind: 'ratio', peer: c } as const;
  const rows: Row[] = [
    {
      ...row,
      title: 'wasm',
      subject: ours(caseName),
      checks: [
        atMost === undefined ? againstC : { ...againstC, atMost },
        ...(python === undefined ? [] : [{ kind: 'speedup', peer: python } as const]),
      ],
    },
    { ...row, title: 'plain', subject: ours(caseName, 'plain'), checks: [againstC] },
    { ...row, title: c.title, subject: c },
    ...(python === undefined ? [] : [{ ...row, title: python.title, subject: python }]),
  ];
  return { title, rows };
}

function pingPong(
  title: string,
  caseName: string,
  { c, python }: Required<Omit<Peers, 'atMost'>>,
): Section {
  const rate = { metric: 'perSecond', unit: 'perSecond' } as const;
  const row = (name: string, subject: Subject): Row => ({
    ...rate,
    title: name,
    subject,
    checks: [
      { kind: 'ratio', peer: c },
      { kind: 'ratio', peer: python },
    ],
  });
  return {
    title,
    rows: [
      row('wasm', ours(caseName)),
      row('plain', ours(caseName, 'plain')),
      { ...rate, title: c.title, subject: c },
      { ...rate, title: python.title, subject: python },
    ],
  };
}

const rate = { metric: 'perSecond', unit: 'perSecond' } as const;

/** A case that is told how many processes take part. */
function oursWith(parties: number, caseName: string, backend: Backend): Subject {
  return { ...ours(caseName, backend), env: { BENCH_PARTIES: String(parties) } };
}

function meetings(parties: number): Section {
  const c = cPeer(`barrier-${String(parties)}`, 'pthread_barrier_t');
  const python = pythonPeer(`barrier-${String(parties)}`, 'Barrier');
  const row = (backend: Backend): Row => ({
    ...rate,
    title: backend,
    subject: oursWith(parties, 'barrier-rounds', backend),
    checks: [
      { kind: 'ratio', peer: c },
      { kind: 'ratio', peer: python },
    ],
  });
  return {
    title: `Barrier: rounds of ${String(parties)} processes`,
    rows: [
      row('wasm'),
      row('plain'),
      { ...rate, title: c.title, subject: c },
      { ...rate, title: python.title, subject: python },
    ],
  };
}

/** What all of them read in a second, and how many times that is of what one alone does. */
function readers(): Section {
  const rows = [1, 2, 4].flatMap((parties): Row[] => {
    const subject = oursWith(parties, 'rwlock-readers', 'wasm');
    const c = cPeer(`readers-${String(parties)}`, 'pthread_rwlock_t');
    const title = `${String(parties)} ${parties === 1 ? 'reader' : 'readers'}`;
    return [
      { ...rate, title, subject, checks: [{ kind: 'ratio', peer: c }] },
      { ...rate, title: `${c.title}, ${String(parties)}`, subject: c },
    ];
  });
  return { title: 'RWLock: read pairs of 1, 2 and 4 processes together', rows };
}

export const syncSuite: Suite = [
  section('Event.isSet', 'event-is-set', {
    c: cPeer('load', 'atomic load, in a call'),
    python: pythonPeer('event-is-set', 'Event.is_set'),
    atMost: 1.5,
  }),
  section('Event.set + clear, nobody waits', 'event-set-clear', {
    c: cPeer('exchange-pair', 'two compare-and-swaps'),
    python: pythonPeer('event-set-clear', 'Event.set + clear'),
  }),
  section('Condition.notify, nobody waits', 'condition-notify', {
    c: cPeer('condition-signal', 'pthread_cond_signal'),
    python: pythonPeer('condition-notify', 'Condition.notify'),
    atMost: 1.5,
  }),
  section('RWLock read pair, nobody else', 'rwlock-read-uncontended', {
    c: cPeer('read', 'pthread_rwlock_t'),
    atMost: 1.5,
  }),
  section('Robust Semaphore pair, nobody else', 'robust-semaphore-uncontended', {
    c: cPeer('semaphore', 'sem_t, not robust'),
  }),
  pingPong('Event: round trips between two processes', 'event-ping-pong', {
    c: cPeer('futex-ping-pong', 'futex'),
    python: pythonPeer('event-ping-pong', 'Event'),
  }),
  pingPong('Condition: round trips between two processes', 'condition-ping-pong', {
    c: cPeer('condition-ping-pong', 'pthread_cond_t'),
    python: pythonPeer('condition-ping-pong', 'Condition'),
  }),
  ...[2, 4, 8].map(meetings),
  readers(),
];
