/** Messages: Queue against CPython's Queue and Pipe, and against what Node has, by payload. */
import { pinVariable } from '../harness/pin.js';
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
/** The same into a buffer that is used again. */
const intoTargets: Partial<Record<PayloadName, Check>> = {
  '1MB': { kind: 'limit', atLeast: 10e9 },
};

const listed = (check: Check | undefined): Check[] => (check === undefined ? [] : [check]);

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
  const pipe = pythonPeer(`pipe-stream-${payload}`, 'Pipe');
  const pipeBytes = pythonPeer(`pipe-bytes-stream-${payload}`, 'Pipe, send_bytes');
  const atLeast = large.includes(payload) ? 7 : 30;
  const into = listed(intoTargets[payload]);
  const json = isData(payload) ? 'process.send, json with base64' : 'process.send, json';
  const rows = [
    row(own('queue-stream', 'Queue putSync, getSync'), [
      { kind: 'ratio', peer: queue, atLeast },
      ...listed(targets[payload]),
    ]),
    ...(isData(payload) ? [row(own('queue-stream-into', 'Queue putSync, getIntoSync'), into)] : []),
    row(own('queue-stream-many', 'Queue putManySync, getManySync')),
    row(own('queue-stream-await', 'Queue await put, get')),
    row(own('pipe-stream', 'Pipe sendSync, recvSync'), [{ kind: 'ratio', peer: pipe }]),
    ...(isData(payload)
      ? [
          row(own('pipe-stream-bytes', 'Pipe sendBytesSync, recvBytesSync'), [
            { kind: 'ratio', peer: pipeBytes },
          ]),
          row(own('pipe-stream-into', 'Pipe sendBytesSync, recvBytesIntoSync'), into),
        ]
      : []),
    row(own('pipe-stream-await', 'Pipe await send, recv')),
    row(queue),
    row(pipe),
    ...(isData(payload) ? [row(pipeBytes)] : []),
    row(peer('node-send-stream', json)),
    row(peer('node-send-stream', 'process.send, advanced', { BENCH_SERIALIZATION: 'advanced' })),
    row(peer('node-worker-stream', 'postMessage of a worker')),
    row(peer('node-socket-stream', 'Unix socket')),
  ];
  return { title: `two processes, messages: ${payload}`, rows };
}

const us = { metric: 'p50Us', unit: 'us' } as const;
const trip = (title: string, subject: Subject, checks: readonly Check[] = []): Row => ({
  ...us,
  title,
  subject,
  checks,
});
const pythonTrip = pythonPeer('queue-round-trip', 'Queue');
const pythonPipeTrip = pythonPeer('pipe-round-trip', 'Pipe');
const sendTrip = (BENCH_SERIALIZATION: string): Subject =>
  nodePeer('node-send-round-trip', `process.send, ${BENCH_SERIALIZATION}`, { BENCH_SERIALIZATION });
const workerTrip = nodePeer('node-worker-round-trip', 'postMessage of a worker');
const socketTrip = nodePeer('node-socket-round-trip', 'Unix socket');
const nodeTrips = [sendTrip('json'), sendTrip('advanced'), workerTrip, socketTrip];

/** Left to itself the scheduler now and then has both parties take turns on one CPU, asleep. */
const onTwo = (name: string): Subject => ({
  ...ours(name),
  title: `${name}, two CPUs`,
  env: { [pinVariable]: '1' },
});
const blocking: Check = { kind: 'limit', atMost: 5 };
const awaited: Check = { kind: 'limit', atMost: 60 };

const roundTrips: Section = {
  title: 'a number there and back, median',
  rows: [
    trip('Queue putSync, getSync, each on its CPU', onTwo('queue-round-trip'), [
      blocking,
      { kind: 'speedup', peer: pythonTrip },
    ]),
    trip('Pipe sendSync, recvSync, each on its CPU', onTwo('pipe-round-trip'), [
      blocking,
      { kind: 'speedup', peer: pythonPipeTrip },
    ]),
    trip('Queue putSync, getSync, anywhere', ours('queue-round-trip')),
    trip('Pipe sendSync, recvSync, anywhere', ours('pipe-round-trip')),
    trip('Queue await put, get', ours('queue-round-trip-await'), [awaited]),
    trip('Pipe await send, recv', ours('pipe-round-trip-await'), [awaited]),
    ...[pythonTrip, pythonPipeTrip, ...nodeTrips].map((subject) => trip(subject.title, subject)),
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
