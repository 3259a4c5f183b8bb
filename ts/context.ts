// Contexts: the whole API bound to one start method.
import * as api from './api.js';
import { MultiprocessingError } from './errors.js';
import { addOwnClass } from './process/process.js';
import { checkMethod } from './process/start-methods.js';

/**
 * The whole API of this package, in which every process is started by one method. Libraries take one
 * as an argument, so that their users can choose.
 *
 * @public
 */
export type Context = Omit<typeof api, 'getStartMethod' | 'setStartMethod'> & {
  /** This context, or that of another method. */
  getContext(method?: api.StartMethod): Context;
  /** The method of this context. */
  getStartMethod(): api.StartMethod;
  /** Throws: a context's method is fixed. */
  setStartMethod(method: api.StartMethod | null): never;
};

const contexts = new Map<api.StartMethod, Context>();
const classNames = { fork: 'Fork', forkserver: 'ForkServer', spawn: 'Spawn' } as const;

/**
 * The API bound to a start method.
 *
 * @param method - default: the current one, which that fixes
 * @throws MultiprocessingError `ERR_MP_START_METHOD` when it is unknown or does not work here
 *
 * @example
 * ```ts
 * const context = getContext('spawn');
 * const process = new context.Process({ target: square, args: [7] });
 * ```
 *
 * @public
 */
export function getContext(method?: api.StartMethod): Context {
  const checked = method === undefined ? api.getStartMethod() : checkMethod(method);
  let context = contexts.get(checked);
  if (context === undefined) {
    context = makeContext(checked);
    contexts.set(checked, context);
  }
  return context;
}

function makeContext(method: api.StartMethod): Context {
  const context: Context = {
    ...api,
    Process: processClass(method),
    Pool: poolClass(method),
    futures: Object.freeze({ ...api.futures, ProcessPoolExecutor: executorClass(method) }),
    getContext: (other) => (other === undefined ? context : getContext(other)),
    getStartMethod: () => method,
    setStartMethod: () => {
      throw new MultiprocessingError(`the start method of this context is ${method}, for ever`, {
        code: 'ERR_MP_START_METHOD',
      });
    },
  };
  return Object.freeze(context);
}

function processClass(method: api.StartMethod): typeof api.Process {
  const name = `${classNames[method]}Process`;
  const { [name]: bound } = {
    [name]: class<T = unknown, A extends readonly unknown[] = never[]> extends api.Process<T, A> {
      constructor(options: api.ProcessOptions<T, A> = {}) {
        super({ ...options, context: method });
      }
    },
  };
  addOwnClass(bound as object);
  return bound as typeof api.Process;
}

function poolClass(method: api.StartMethod): typeof api.Pool {
  return class Pool extends api.Pool {
    constructor(processes?: number | null, options?: api.PoolOptions) {
      super(processes, { ...options, context: method });
    }
  };
}

function executorClass(method: api.StartMethod): typeof api.futures.ProcessPoolExecutor {
  return class ProcessPoolExecutor extends api.futures.ProcessPoolExecutor {
    constructor(
      maxWorkers?: number | null,
      options?: Omit<api.futures.ProcessExecutorOptions, 'mpContext'>,
    ) {
      super(maxWorkers, { ...options, mpContext: method });
    }
  };
}
