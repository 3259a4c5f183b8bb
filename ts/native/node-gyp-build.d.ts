// node-gyp-build has no declarations of its own.
declare module 'node-gyp-build' {
  /** Loads the addon of the package in `directory`: its prebuild, or what was built there. */
  function load(directory: string): unknown;
  export = load;
}
