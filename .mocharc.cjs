// One process, one file after another: tests start real processes and measure time.
//
// MP_TEST_CELL=<name> runs what depends on one thing: the version of Node, the back end of the memory,
// the way of waiting, the start method; not the checks of documents, sizes and examples. Between which
// parties the conformance suites run, MP_TEST_PARTIES says (test/helpers/party.ts): by default all.
// MP_KILL_VICTIMS says how the victims of test/crash/kill-rounds start: by default by child_process.
const cells = {
  node: {
    folders: '{codec,conformance,crash,fork,functions,process,threads}',
    parties: 'worker,forkserver,fork',
    victims: 'forkserver',
  },
  memory: {
    folders: '{conformance,crash,sync,threads,values}',
    parties: 'process,worker,fork',
    victims: 'forkserver',
  },
  wait: {
    folders: '{conformance,crash,sync}',
    parties: 'process,worker',
    victims: 'forkserver',
  },
  spawn: { folders: '{crash,process}', parties: 'spawn' },
};
const name = process.env.MP_TEST_CELL;
const cell = name ? cells[name] : { folders: '**' };
if (cell === undefined) throw new Error(`MP_TEST_CELL is one of ${Object.keys(cells).join(', ')}`);
const { folders, parties, victims } = cell;
if (parties !== undefined) process.env.MP_TEST_PARTIES ??= parties;
if (victims !== undefined) process.env.MP_KILL_VICTIMS ??= victims;

module.exports = {
  spec: [`build/dev/test/${folders}/**/*.test.js`],
  require: ['build/dev/test/helpers/nothing-left.js'],
  reporter: './scripts/mocha-reporter.cjs',
  timeout: 20_000,
  slow: 2_000,
  forbidOnly: Boolean(process.env.CI),
  forbidPending: false,
  exit: false,
};
