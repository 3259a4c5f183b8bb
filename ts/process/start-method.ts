// The names of the start methods.

/**
 * How a process comes into being. `spawn`: a fresh Node. `forkserver`: forked from a server that has
 * loaded the program already. `fork`: forked from this process as it is.
 *
 * @public
 */
export type StartMethod = 'fork' | 'forkserver' | 'spawn';
