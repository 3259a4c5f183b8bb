// A session with the inspector of this thread: commands are answered at once, and values go to and
// fro by a global that exists for that moment only.
import { createRequire } from 'node:module';
import type * as Inspector from 'node:inspector';
import type { Callable } from './reference.js';

/** Variables by their names; those that are not initialised yet are missing. */
export type Variables = Readonly<Record<string, unknown>>;

export interface RemoteObject {
  readonly objectId?: string;
  readonly value?: unknown;
}

interface Frame {
  readonly scriptId: string;
  readonly url: string;
}

/** What the commands used here answer. */
interface Answers {
  'Runtime.enable': unknown;
  'Runtime.disable': unknown;
  'Runtime.evaluate': {
    readonly result: RemoteObject;
    readonly exceptionDetails?: { readonly stackTrace?: { readonly callFrames: Frame[] } };
  };
  'Runtime.getProperties': {
    readonly internalProperties?: readonly { name: string; value?: RemoteObject }[];
  };
  'Runtime.callFunctionOn': unknown;
  'Runtime.queryObjects': { readonly objects: RemoteObject };
  'Debugger.enable': unknown;
  'Debugger.disable': unknown;
  'Debugger.getScriptSource': { readonly scriptSource: string };
  'Debugger.pause': unknown;
  'Debugger.resume': unknown;
}

/** There is no inspector: a Node built without it, `--permission`, another context. */
export class InspectorUnavailable extends Error {}

const exchange = Symbol.for('node-multiprocessing.exchange');
const exchangeExpression = "globalThis[Symbol.for('node-multiprocessing.exchange')]";

export class InspectorSession {
  readonly #session: Inspector.Session;
  /** Whether somebody debugs this process, or may at any time. */
  readonly #isDebugged: boolean;

  private constructor() {
    try {
      const inspector = createRequire(__filename)('node:inspector') as typeof Inspector;
      this.#isDebugged = inspector.url() !== undefined;
      this.#session = new inspector.Session();
      this.#session.connect();
    } catch (error) {
      throw new InspectorUnavailable('there is no inspector', { cause: error });
    }
  }

  /**
   * Runs an action with a session that exists as long as the action.
   * @throws InspectorUnavailable
   */
  static use<T>(action: (session: InspectorSession) => T): T {
    const session = new InspectorSession();
    try {
      return action(session);
    } finally {
      session.#session.disconnect();
    }
  }

  /** What V8 keeps about a value and JavaScript does not see, by name: `[[Scopes]]`. */
  internalProperties(value: unknown): Map<string, RemoteObject> {
    const { objectId } = this.#remote(value);
    const { internalProperties = [] } = this.#post('Runtime.getProperties', {
      objectId,
      ownProperties: true,
    });
    return new Map(internalProperties.map(({ name, value: found }) => [name, found ?? {}]));
  }

  /** The value behind an object of the inspector. */
  valueOf({ objectId }: RemoteObject): unknown {
    const box: { value?: unknown } = {};
    this.#exchange(box, () =>
      this.#post('Runtime.callFunctionOn', {
        objectId,
        functionDeclaration: `function () { ${exchangeExpression}.value = this; }`,
      }),
    );
    return box.value;
  }

  /** The scripts of the functions that run now. */
  stack(): readonly Frame[] {
    // Only when enabled does V8 collect the stack of what is thrown.
    this.#post('Runtime.enable');
    try {
      // Not an Error: its stack would go through Error.prepareStackTrace and source maps.
      const { exceptionDetails } = this.#post('Runtime.evaluate', { expression: 'throw 0' });
      return exceptionDetails?.stackTrace?.callFrames ?? [];
    } finally {
      this.#post('Runtime.disable');
    }
  }

  /** Enables the debugger for an action; `onScript` hears of every script there is. */
  withDebugger<T>(action: () => T, onScript: (script: Frame) => void): T {
    const hear = ({ params }: { params: Frame }): void => {
      onScript(params);
    };
    this.#session.on('Debugger.scriptParsed', hear);
    this.#post('Debugger.enable');
    try {
      return action();
    } finally {
      this.#post('Debugger.disable');
      this.#session.removeListener('Debugger.scriptParsed', hear);
    }
  }

  /** The source text of a script; the debugger must be enabled. */
  source(scriptId: string): string {
    return this.#post('Debugger.getScriptSource', { scriptId }).scriptSource;
  }

  /** Variables of the ECMAScript modules on the stack: seen in a pause that ends at once. */
  modulesOnStack(): { scriptId: string; variables: Variables }[] {
    if (this.#isDebugged) return [];
    const found: { scriptId: string; variables: Variables }[] = [];
    const look = ({
      params,
    }: Inspector.InspectorNotification<Inspector.Debugger.PausedEventDataType>): void => {
      for (const { location, scopeChain } of params.callFrames) {
        for (const { type, object } of scopeChain) {
          if (type !== 'module') continue;
          const variables = this.valueOf(object as RemoteObject) as Variables;
          found.push({ scriptId: location.scriptId, variables });
        }
      }
      this.#post('Debugger.resume');
    };
    this.#session.once('Debugger.paused', look);
    this.withDebugger(
      // The pause comes with the next statement that runs, which is already in this call.
      () => this.#post('Debugger.pause'),
      () => undefined,
    );
    this.#session.removeListener('Debugger.paused', look);
    return found;
  }

  /** Every function in the heap. */
  everyFunction(): Callable[] {
    const { objectId } = this.#remote(Function.prototype);
    const { objects } = this.#post('Runtime.queryObjects', { prototypeObjectId: objectId });
    // Function.prototype itself may be among its heirs, and objects that are made from functions.
    const heirs = this.valueOf(objects) as unknown[];
    return heirs.filter((heir): heir is Callable => typeof heir === 'function');
  }

  #remote(value: unknown): RemoteObject {
    const { result } = this.#exchange(value, () =>
      this.#post('Runtime.evaluate', { expression: exchangeExpression }),
    );
    // A test runner with contexts of its own: the inspector looks at another global object.
    if (result.objectId === undefined) throw new InspectorUnavailable('in another context');
    return result;
  }

  #exchange<T>(value: unknown, action: () => T): T {
    const place = globalThis as Record<symbol, unknown>;
    place[exchange] = value;
    try {
      return action();
    } finally {
      Reflect.deleteProperty(place, exchange);
    }
  }

  #post<M extends keyof Answers>(method: M, parameters: object = {}): Answers[M] {
    let answer: { error: Error | null; result: unknown } | undefined;
    this.#session.post(method, parameters, (error: Error | null, result?: object) => {
      answer = { error, result };
    });
    if (answer?.error !== null) {
      throw new InspectorUnavailable(`${method} failed`, { cause: answer?.error });
    }
    return answer.result as Answers[M];
  }
}
