// The layers of ts/: imports go one way, from a room to those on its left. See ARCHITECTURE.md.
const chain = [
  'errors',
  'logging',
  'functions',
  'native',
  'memory',
  'sync',
  'values',
  'functions',
  'codec',
  'channel',
  'process',
  'debug',
  'threads',
  'pool',
];
const tops = ['manager', 'cluster'];
const at = (layer) => `^ts/${layer}(/|\\.m?ts$)`;

/** [layer, layers that it may import]; the tops do not see each other. */
const layers = [
  ...chain.map((layer, i) => [layer, chain.slice(0, i)]),
  ...tops.map((layer) => [layer, chain]),
  ['api', [...chain, ...tops]],
  ['context', [...chain, ...tops, 'api']],
  ['index', ['api', 'context']],
  ['cli', [...chain, ...tops, 'api', 'context', 'index']],
];

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^ts/', pathNot: ['^ts/index', '-main\\.ts$', '\\.d\\.ts$'] },
      to: {},
    },
    {
      name: 'only-declared-dependencies',
      severity: 'error',
      from: { path: '^ts/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'only-known-layers',
      comment: 'A new folder of ts/ needs its place in the chain.',
      severity: 'error',
      from: { path: '^ts/', pathNot: layers.map(([layer]) => at(layer)) },
      to: {},
    },
    ...layers.map(([layer, allowed]) => ({
      name: `layer-${layer}`,
      severity: 'error',
      // What is started as a process stands above all that it may be asked for.
      from: { path: at(layer), pathNot: '-main\\.ts$' },
      to: { path: '^ts/', pathNot: [at(layer), ...allowed.map(at)] },
    })),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
  },
};
