/** Messages: Queue against CPython's Queue and Pipe, and against what Node has, by payload. */
import { payloadNames, payloadVariable, type PayloadName } from '../harness/payloads.js';
import {
  nodePeer,
  ours,
  pythonPeer,
  type Check,
  type Row,
  type Section,
  type Subject,
  type Suite,
} from '../harness/suite.js';

const large: readonly PayloadName[] = ['64KB', '1MB'];
const isData = (payload: PayloadName): boolean => payload.endsWith('B');

/** What one `putSync` and one `getSync` for each message have to reach, by payload. */
const targets: Partial<Record<PayloadName, Check>> = {
  number: { kind: 'limit', atLeast: 5e6 },
  object: { kind: 'limit', atLeast: 1e6 },
  '1MB': { kind: 'limit', atLeast: 3e9 },
};

function streams(payload: PayloadName): Section {
  const env = { [payloadVariable]: payload };
  const unit = large.includes(payload) ? 'bytesPerSecond' : 'perSecond';
  const row = (subject: Subject, checks: readonly Check[] = []): Row => ({
    title: subject.title,
    metric: unit,
    unit,
    subject,
    checks,
  });
  const own = (name: string, title: string): Subject => ({ ...ours(name), title, env });
  const peer = (name: string, title: string, more = {}): Subject =>
    nodePeer(name, title, { ...env, ...more });
  const queue = pythonPeer(`queue-stream-${payload}`, 'Queue');
  const atLeast = large.includes(payload) ? 7 : 30;
  const target = targets[payload];
  const rows = [
    row(own('queue-stream', 'putSync, getSync'), [
      { kind: 'ratio', peer: queue, atLeast },
      ...(target === undefined ? [] : [target]),
    ]),
    row(own('queue-stream-many', 'putManySync, getManySync')),
    row(own('queue-stream-await', 'await put, await get')),
    row(queue),
    row(pythonPeer(`pipe-stream-${payload}`, 'Pipe')),
    row(peer('node-send-stream', 'process.send, advanced', { BENCH_SERIALIZATION: 'advanced' })),
    row(peer('node-worker-stream', 'postMessage of a worker')),
    row(peer('node-socket-stream', 'Unix socket')),
  ];
  if (isData(payload)) {
    const into: Check[] = payload === '1MB' ? [{ kind: 'limit', atLeast: 10e9 }] : [];
    rows.splice(1, 0, row(own('queue-stream-into', 'putSync, getIntoSync'), into));
  } else {
    rows.splice(5, 0, row(peer('node-send-stream', 'process.send, json')));
  }
  return { title: `two processes, messages: ${payload}`, rows };
}

const us = { metric: 'p50Us', unit: 'us' } as const;
const pythonTrip = pythonPeer('queue-round-trip', 'Queue');

const roundTrips: Section = {
  title: 'a number there and back, median',
  rows: [
    {
      ...us,
      title: 'putSync, getSync',
      subject: ours('queue-round-trip'),
      checks: [
        { kind: 'limit', atMost: 5 },
        { kind: 'speedup', peer: pythonTrip },
      ],
    },
    {
      ...us,
      title: 'await put, await get',
      subject: ours('queue-round-trip-await'),
      checks: [{ kind: 'limit', atMost: 60 }],
    },
    { ...us, title: pythonTrip.title, subject: pythonTrip },
    { ...us, title: 'CPython Pipe', subject: pythonPeer('pipe-round-trip', 'Pipe') },
    {
      ...us,
      title: 'process.send',
      subject: nodePeer('node-send-round-trip', 'process.send'),
    },
  ],
};

const pythonCrowd = pythonPeer('queue-crowd', 'Queue');
const rate = { metric: 'perSecond', unit: 'perSecond' } as const;

const crowd: Section = {
  title: '4 processes put numbers, 4 get them',
  rows: [
    {
      ...rate,
      title: 'putSync, getSync',
      subject: ours('queue-crowd'),
      checks: [{ kind: 'ratio', peer: pythonCrowd }],
    },
    { ...rate, title: pythonCrowd.title, subject: pythonCrowd },
  ],
};

export const queueSuite: Suite = [...payloadNames.map(streams), roundTrips, crowd];
