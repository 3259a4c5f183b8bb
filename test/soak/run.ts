// The long runs behind `npm run soak`: the suites with large numbers of rounds, and the C++ kill
// rounds, once on all processors and once on one (taskset -c 0). Prints a table; fails when one does.
//
//   npm run soak                everything, about an hour on two processors
//   npm run soak -- races       the parts whose name contains a word
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = dirname(require.resolve('node-multiprocessing/package.json'));
const nativeFolder = join(root, 'build/native-tests/none');
const nativeKills = join(nativeFolder, 'kill_rounds');
const ringKills = join(nativeFolder, 'ring_kill_rounds');

interface Part {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Record<string, string>;
  /** What it needs that is not there. */
  readonly missing?: string;
}

/** Mocha on some suites, with the suite's own hooks and nothing else of the configuration. */
const suite = (...files: string[]): string[] => [
  process.execPath,
  join(root, 'node_modules/mocha/bin/mocha.js'),
  '--no-config',
  '--timeout=20000',
  `--require=${join(__dirname, '../helpers/nothing-left.js')}`,
  ...files.map((file) => join(__dirname, '..', file)),
];

const parts: readonly Part[] = [
  {
    name: '10,000 kill rounds of C++ processes',
    command: [nativeKills, '10000', '--blocked-ms', '5000', '--median-ms', '2'],
    ...(!existsSync(nativeKills) && { missing: 'run `npm run test:native` first' }),
  },
  {
    name: '10,000 kill rounds of C++ processes at a ring',
    command: [ringKills, '10000'],
    ...(!existsSync(ringKills) && { missing: 'run `npm run test:native` first' }),
  },
  {
    name: '300 kill rounds of Node processes, blocked event loops',
    command: suite('crash/kill-rounds.test.js'),
    env: { MP_KILL_ROUNDS: '300' },
  },
  {
    name: '60 s of stress for every primitive, with kills, timeouts and aborts',
    command: suite('crash/stress.test.js'),
    env: { MP_STRESS_MS: '60000' },
  },
  {
    name: '60 s of stress for conditions, without futex_waitv',
    command: [...suite('crash/stress.test.js'), '--grep=Condition'],
    env: { MP_STRESS_MS: '60000', NODE_MULTIPROCESSING_WAIT: 'futex' },
  },
  {
    name: '100,000 races of abort and timeout with release',
    command: suite('sync/races.test.js'),
    env: { MP_RACE_ROUNDS: '100000' },
  },
  {
    name: 'a million rounds of a barrier, by processes and by threads, in each form',
    command: [...suite('conformance/barrier.test.js'), '--grep=in step'],
    env: { MP_BARRIER_ROUNDS: '1000000' },
  },
  {
    name: '1,000 waits against two hammers',
    command: suite('sync/fairness.test.js'),
    env: { MP_FAIRNESS_WAITS: '1000' },
  },
  {
    name: '1,000 processes, 200 killed parents, 100,000 values and 1,000 arrays',
    command: suite('crash/processes.test.js'),
    env: { MP_PROCESSES: '1000', MP_PARENT_KILLS: '200', MP_VALUES: '100000' },
  },
  {
    name: '1,000 live forks under stress',
    command: suite('fork/live.test.js'),
    env: { FORK_ROUNDS: '1000' },
  },
  {
    name: 'a million messages in a queue, a user killed every 50 ms',
    command: suite('crash/queue-kills.test.js'),
    env: { MP_QUEUE_MESSAGES: '1000000' },
  },
  {
    name: '300,000 messages in a queue, a user killed every 5 ms',
    command: suite('crash/queue-kills.test.js'),
    env: { MP_QUEUE_MESSAGES: '300000', MP_KILL_EVERY_MS: '5' },
  },
  // Each alone: it takes nearly all of a tree's memory, in one piece.
  ...['queue', 'pipe'].map((way) => ({
    name: `a message of 1 GB through a ${way}`,
    command: [...suite('channel/huge.test.js'), `--grep=through a ${way}`],
    env: { MP_HUGE_BYTES: '1000000000' },
  })),
  {
    name: '1,000 ends of pool workers, in all ways at all moments; 100 without memory',
    command: [...suite('crash/pools.test.js'), '--grep', 'reject'],
    env: { MP_POOL_KILLS: '1000', MP_POOL_MEMORY: '100' },
  },
  {
    name: '100,000 tasks of a pool, 1,000 of its workers killed at random',
    command: [...suite('crash/pools.test.js'), '--grep', 'forkserver each of many tasks'],
    env: { MP_POOL_TASKS: '100000' },
  },
  {
    name: '1,000 forks by the forkserver, everything that Node can do in each',
    command: suite('fork/forkserver.test.js'),
    env: { FORK_ROUNDS: '1000' },
  },
];

const places: Record<string, readonly string[]> = {
  'all processors': [],
  'one processor': ['taskset', '-c', '0'],
};

/** Runs a command on this terminal; its exit status. */
function run(command: readonly string[], env: Record<string, string> = {}): Promise<number> {
  const [program, ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program!, args, { stdio: 'inherit', env: { ...process.env, ...env } });
    child.once('error', (error) => {
      console.error(error.message);
      resolve(127);
    });
    child.once('exit', (code) => {
      resolve(code ?? 1);
    });
  });
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const chosen = parts.filter(({ name }) => wanted.every((word) => name.includes(word)));
  const table: Record<string, string>[] = [];
  for (const [place, prefix] of Object.entries(places)) {
    for (const { name, command, env, missing } of chosen) {
      console.log(`\n── ${name}, ${place} ──`);
      const start = performance.now();
      const code = missing === undefined ? await run([...prefix, ...command], env) : undefined;
      const seconds = ((performance.now() - start) / 1000).toFixed(0);
      const result = code === undefined ? `left out: ${missing!}` : code === 0 ? 'ok' : 'FAILED';
      if (code !== undefined && code !== 0) process.exitCode = 1;
      table.push({ part: name, on: place, result, seconds });
    }
  }
  console.log();
  console.table(table);
}

void main();
