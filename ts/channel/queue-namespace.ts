// `mp.queue`, as users see it: the names of Python's module `queue`.
export {
  QueueEmptyError as Empty,
  QueueFullError as Full,
  QueueShutDownError as ShutDown,
} from '../errors/queue.js';
export { JoinableQueue as Queue } from './joinable-queue.js';
export { LifoQueue } from './lifo-queue.js';
export { OrderedQueue } from './ordered-queue.js';
export { PriorityQueue } from './priority-queue.js';
export { SimpleQueue } from './simple-queue.js';
