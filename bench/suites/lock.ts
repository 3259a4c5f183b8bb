/** Lock, RLock and the Semaphores, against C, CPython and Node's own messages. */
import {
  cPeer,
  nodePeer,
  ours,
  pythonPeer,
  type Row,
  type Section,
  type Subject,
  type Suite,
  type Unit,
} from '../harness/suite.js';

const cMutex = cPeer('mutex', 'pthread mutex');
const cRobust = cPeer('robust-mutex', 'robust pthread mutex');
const cTry = cPeer('mutex-try', 'pthread trylock');
const cRecursive = cPeer('recursive', 'recursive mutex');
const cNested = cPeer('recursive-nested', 'recursive mutex, nested');
const cSemaphore = cPeer('semaphore', 'sem_t');
const pyLock = pythonPeer('lock', 'Lock');
const pyTry = pythonPeer('lock-try', 'Lock, acquire(False)');
const pyRLock = pythonPeer('rlock', 'RLock');
const pyNested = pythonPeer('rlock-nested', 'RLock, nested');
const pySemaphore = pythonPeer('semaphore', 'Semaphore');

/** A peer's own line, without a check. */
function reference(subject: Subject, metric = 'ns', unit: Unit = 'ns'): Row {
  return { title: subject.title, subject, metric, unit };
}

interface PairPeers {
  readonly c: Subject;
  readonly python?: Subject;
  /** How much slower than C it may be. */
  readonly atMost?: number;
  readonly fasterThanPython?: number;
}

/** The same pair of calls on both back ends; only the wasm one has targets. */
function pairRows(
  title: string,
  caseName: string,
  { c, python, atMost, fasterThanPython }: PairPeers,
): Row[] {
  const row = { metric: 'ns', unit: 'ns' } as const;
  const againstC = { kind: 'ratio', peer: c } as const;
  return [
    {
      ...row,
      title: `${title}, wasm`,
      subject: ours(caseName),
      checks: [
        atMost === undefined ? againstC : { ...againstC, atMost },
        ...(python !== undefined && fasterThanPython !== undefined
          ? [{ kind: 'speedup', peer: python, atLeast: fasterThanPython } as const]
          : []),
      ],
    },
    { ...row, title: `${title}, plain`, subject: ours(caseName, 'plain'), checks: [againstC] },
  ];
}

const uncontended: Section[] = [
  {
    title: 'Lock, uncontended: acquireSync + release',
    rows: [
      ...pairRows('Lock', 'lock-uncontended', {
        c: cMutex,
        python: pyLock,
        atMost: 1.3,
        fasterThanPython: 5,
      }),
      // How far ahead of CPython C itself is on this processor: what any lock could reach here.
      { ...reference(cMutex), checks: [{ kind: 'speedup', peer: pyLock }] },
      reference(cRobust),
      reference(pyLock),
      ...(['wasm', 'plain'] as const).map((backend) => ({
        title: `await acquire + release, ${backend}`,
        subject: ours('lock-uncontended-await', backend),
        metric: 'ns',
        unit: 'ns' as const,
      })),
    ],
  },
  {
    title: 'Lock, uncontended: tryAcquire + release',
    rows: [...pairRows('Lock', 'lock-try', { c: cTry }), reference(cTry), reference(pyTry)],
  },
  {
    title: 'RLock, uncontended: acquireSync + release',
    rows: [
      ...pairRows('RLock', 'rlock-uncontended', { c: cRecursive, atMost: 1.5 }),
      ...pairRows('RLock, nested', 'rlock-nested', { c: cNested, atMost: 1.5 }),
      ...[cRecursive, cNested, pyRLock, pyNested].map((peer) => reference(peer)),
    ],
  },
  {
    title: 'Semaphores, uncontended: acquireSync + release',
    rows: [
      ...pairRows('Semaphore', 'semaphore-uncontended', { c: cSemaphore, atMost: 1.5 }),
      ...pairRows('BoundedSemaphore', 'bounded-semaphore-uncontended', {
        c: cSemaphore,
        atMost: 1.5,
      }),
      reference(cSemaphore),
      reference(pySemaphore),
    ],
  },
];

const rate = { metric: 'perSecond', unit: 'perSecond' } as const;

function contended(): Section {
  const c = cPeer('mutex-contended', 'pthread mutex');
  const python = pythonPeer('lock-contended', 'Lock');
  const wasm = ours('lock-contended');
  const plain = ours('lock-contended', 'plain');
  const share = (title: string, subject: Subject): Row => ({
    title: `  of these by the slower process: ${title}`,
    subject,
    metric: 'smallerShare',
    unit: 'share',
  });
  return {
    title: 'Lock, contended by two processes: acquisitions of both',
    rows: [
      {
        ...rate,
        title: 'Lock, wasm',
        subject: wasm,
        checks: [{ kind: 'ratio', peer: c, atLeast: 1 }],
      },
      { ...rate, title: 'Lock, plain', subject: plain, checks: [{ kind: 'ratio', peer: c }] },
      reference(c, 'perSecond', 'perSecond'),
      reference(python, 'perSecond', 'perSecond'),
      share('wasm', wasm),
      share('plain', plain),
      share('C', c),
      share('CPython', python),
    ],
  };
}

function pingPong(): Section {
  const c = cPeer('semaphore-ping-pong', 'sem_t');
  const python = pythonPeer('semaphore-ping-pong', 'Semaphore');
  const row = (title: string, subject: Subject): Row => ({
    ...rate,
    title,
    subject,
    checks: [
      { kind: 'ratio', peer: c },
      { kind: 'ratio', peer: python },
    ],
  });
  return {
    title: 'Blocking hand-off: round trips through two semaphores',
    rows: [
      row('Semaphore, wasm', ours('semaphore-ping-pong')),
      row('Semaphore, plain', ours('semaphore-ping-pong', 'plain')),
      reference(c, 'perSecond', 'perSecond'),
      reference(python, 'perSecond', 'perSecond'),
    ],
  };
}

/** The three figures of a latency; the checks belong to one of them. */
function latencyRows(
  title: string,
  subject: Subject,
  checks: Readonly<Record<string, Row['checks']>> = {},
): Row[] {
  return ['p50', 'p99', 'max'].map((figure) => ({
    title: `${title}, ${figure}`,
    subject,
    metric: `${figure}Us`,
    unit: 'us',
    checks: checks[figure] ?? [],
  }));
}

function handOff(): Section {
  const messages = nodePeer('node-send-hand-off', 'process.send');
  const p50 = [
    { kind: 'limit', atMost: 30 },
    { kind: 'ratio', peer: messages, atMost: 1 },
  ] as const;
  const half = (title: string, subject: Subject): Row => ({
    title: `${title}, half of a round trip, p50`,
    subject,
    metric: 'halfTripP50Us',
    unit: 'us',
  });
  const wasm = ours('semaphore-hand-off-await');
  const plain = ours('semaphore-hand-off-await', 'plain');
  return {
    title: 'Async hand-off: from the post in one process to the promise in another, one way',
    rows: [
      ...latencyRows('Semaphore, wasm', wasm, { p50 }),
      half('Semaphore, wasm', wasm),
      ...latencyRows('Semaphore, plain', plain, { p50: [{ kind: 'ratio', peer: messages }] }),
      half('Semaphore, plain', plain),
      ...latencyRows('process.send (JSON)', messages),
      half('process.send (JSON)', messages),
      // Two threads that block in the kernel and run no event loop: the floor on this machine.
      half('C sem_t, blocking', cPeer('semaphore-ping-pong', 'sem_t')),
    ],
  };
}

function fairness(): Section {
  const p99 = [{ kind: 'limit', atMost: 20_000 }] as const;
  return {
    title: 'Fairness: how long a third waits while two processes hammer the lock',
    rows: (['wasm', 'plain'] as const)
      .flatMap((backend) => [
        ...latencyRows(`await acquire, ${backend}`, ours('lock-fairness-await', backend), { p99 }),
        ...latencyRows(`acquireSync, ${backend}`, ours('lock-fairness-sync', backend), { p99 }),
      ])
      .concat(latencyRows('C pthread mutex', cPeer('mutex-fairness', 'pthread mutex'))),
  };
}

function pendingAwaits(): Section {
  const subject: Subject = { ...ours('locks-pending-awaits'), nodeOptions: ['--expose-gc'] };
  const row = (title: string, metric: string, unit: Unit): Row => ({
    title,
    subject,
    metric,
    unit,
  });
  return {
    title: '10,000 pending awaits in one process, each on a lock of its own (wasm)',
    rows: [
      row('resident memory per await', 'rssBytesPerAwait', 'bytes'),
      row('threads added', 'threadsAdded', 'count'),
      row('acquire() until it is pending', 'registerUsPerAwait', 'us'),
      row('release there to promise here, p50', 'wakeP50Us', 'us'),
      row('release there to promise here, p99', 'wakeP99Us', 'us'),
      row('release there to promise here, max', 'wakeMaxUs', 'us'),
      row('all released to all resolved', 'drainMs', 'ms'),
      row('fs.readFile, none pending', 'idleFsMs', 'ms'),
      row('fs.readFile, all pending', 'pendingFsMs', 'ms'),
      row('dns.lookup, none pending', 'idleDnsMs', 'ms'),
      row('dns.lookup, all pending', 'pendingDnsMs', 'ms'),
      row('crypto.pbkdf2, none pending', 'idleCryptoMs', 'ms'),
      row('crypto.pbkdf2, all pending', 'pendingCryptoMs', 'ms'),
    ],
  };
}

export const lockSuite: Suite = [
  ...uncontended,
  contended(),
  pingPong(),
  handOff(),
  fairness(),
  pendingAwaits(),
];
