// The ESM entry. It re-exports the CommonJS build, so that a process has one copy of each class
// whichever way it is loaded.
export * from './index.js';
