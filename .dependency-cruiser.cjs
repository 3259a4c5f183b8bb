// The layers of ts/: imports go one way, from a room to those on its left. See ARCHITECTURE.md.
const chain = [
  'errors',
  'functions',
  'native',
  'memory',
  'sync',
  'values',
  'codec',
  'channel',
  'process',
  'pool',
];
const tops = ['manager', 'threads', 'cluster'];
const at = (layer) => `^ts/${layer}(/|\\.m?ts$)`;

/** [layer, layers that it may import]; the three tops do not see each other. */
const layers = [
  ...chain.map((layer, i) => [layer, chain.slice(0, i)]),
  ...tops.map((layer) => [layer, chain]),
  ['context', [...chain, ...tops]],
  ['index', [...chain, ...tops, 'context']],
  ['cli', [...chain, ...tops, 'context', 'index']],
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
      from: { path: at(layer) },
      to: { path: '^ts/', pathNot: [at(layer), ...allowed.map(at)] },
    })),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
  },
};
