// The public API.
export * from './api.js';
export { getContext, type Context } from './context.js';
