// What only V8's inspector tells about functions: where they are defined, which variables they see.
// Uses a session inside of this thread; nothing listens, no debugger is needed.
import { InspectorSession, type RemoteObject, type Variables } from './inspector-session.js';
import { textOf } from './text.js';
import type { Callable } from './reference.js';

export { InspectorUnavailable, type Variables } from './inspector-session.js';

/** Where a function's code is. Lines and columns count from 0, as V8 does. */
export interface CodeLocation {
  readonly scriptId: string;
  readonly line: number;
  readonly column: number;
}

/** One of the scopes that a function sees, innermost first. */
export interface Scope {
  /** `Module`, `Closure (name)`, `Closure`, `Block`, `Global` …, as V8 calls it. */
  readonly description: string;
  /** Read when the function was inspected. */
  readonly variables: Variables;
}

export interface FunctionFacts {
  /** Absent for built-ins and bound functions. */
  readonly location?: CodeLocation;
  readonly isBound: boolean;
  readonly scopes: readonly Scope[];
}

/** The variables of an ECMAScript module, those that it exports or that its functions use. */
export interface ModuleVariables {
  readonly scriptId: string;
  readonly variables: Variables;
}

/** URLs of scripts by their id. Ids are never used again. */
const urls = new Map<string, string>();
const sources = new Map<string, string>();

/** A function of each ECMAScript module that was met, through which its variables can be seen. */
const witnesses = new Map<string, WeakRef<Callable>>();

/**
 * Where the function is and what it sees.
 * @throws InspectorUnavailable
 */
export function inspectFunction(fn: Callable): FunctionFacts {
  return InspectorSession.use((session) => factsOf(session, fn));
}

interface RemoteLocation {
  readonly scriptId: string;
  readonly lineNumber: number;
  readonly columnNumber?: number;
}

const locationOf = ({ scriptId, lineNumber, columnNumber = 0 }: RemoteLocation): CodeLocation => ({
  scriptId,
  line: lineNumber,
  column: columnNumber,
});

function factsOf(session: InspectorSession, fn: Callable): FunctionFacts {
  const properties = session.internalProperties(fn);
  const internal = (name: string): RemoteObject | undefined => properties.get(name);
  const where = internal('[[FunctionLocation]]')?.value as RemoteLocation | undefined;
  const list = internal('[[Scopes]]');
  const scopes = (list ? session.valueOf(list) : []) as ArrayLike<{
    description: string;
    object: Variables;
  }>;
  const facts = {
    ...(where && { location: locationOf(where) }),
    isBound: internal('[[TargetFunction]]') !== undefined,
    scopes: Array.from(scopes, ({ description, object }) => ({ description, variables: object })),
  };
  if (where && moduleScope(facts)) witnesses.set(where.scriptId, new WeakRef(fn));
  return facts;
}

/** The scope of the ECMAScript module that a function is in; undefined in CommonJS. */
export function moduleScope({ scopes }: FunctionFacts): Scope | undefined {
  return scopes.find(({ description }) => description.startsWith('Module'));
}

/**
 * The URL of a script of this thread; empty for evaluated code.
 * @throws InspectorUnavailable
 */
export function urlOf(scriptId: string): string {
  let url = urls.get(scriptId);
  if (url === undefined) {
    InspectorSession.use((session) => {
      // Those on the stack first: that is cheap, and the function is often the caller's.
      for (const frame of session.stack())
        if (frame.url !== '') urls.set(frame.scriptId, frame.url);
      if (!urls.has(scriptId)) learnAll(session);
    });
    url = urls.get(scriptId) ?? '';
  }
  return url;
}

/** Learns all scripts. The first time it takes 25 ms, for V8 hashes each of them. */
function learnAll(session: InspectorSession): void {
  session.withDebugger(
    () => undefined,
    ({ scriptId, url }) => urls.set(scriptId, url),
  );
}

/**
 * The text that V8 compiled: after loaders, without types.
 * @throws InspectorUnavailable
 */
export function sourceOf(scriptId: string): string {
  let source = sources.get(scriptId);
  if (source === undefined) {
    source = InspectorSession.use((session) =>
      session.withDebugger(
        () => session.source(scriptId),
        (script) => urls.set(script.scriptId, script.url),
      ),
    );
    sources.set(scriptId, source);
  }
  return source;
}

/**
 * Variables of the ECMAScript modules whose code is running now, the innermost first. Empty while a
 * debugger is attached: it would see the pause that this needs.
 * @throws InspectorUnavailable
 */
export function callingModules(): ModuleVariables[] {
  const found = new Map<string, ModuleVariables>();
  for (const { scriptId, variables } of InspectorSession.use((session) =>
    session.modulesOnStack(),
  )) {
    if (!found.has(scriptId)) found.set(scriptId, { scriptId, variables });
  }
  return [...found.values()];
}

/**
 * Variables of a loaded ECMAScript module, seen through any function of it; undefined when it has
 * none. If none was inspected before, this goes through the whole heap: 50 to 200 ms.
 * @throws InspectorUnavailable
 */
export function variablesOfModule(url: string): ModuleVariables | undefined {
  for (const [scriptId, witness] of witnesses) {
    const fn = urls.get(scriptId) === url ? witness.deref() : undefined;
    const scope = fn && moduleScope(inspectFunction(fn));
    if (scope) return { scriptId, variables: scope.variables };
  }
  return InspectorSession.use((session) => inHeap(session, url));
}

function inHeap(session: InspectorSession, url: string): ModuleVariables | undefined {
  learnAll(session);
  const ids = [...urls.keys()].filter((scriptId) => urls.get(scriptId) === url);
  const texts = ids.map((scriptId) => sourceOf(scriptId));
  if (texts.length === 0) return undefined;
  for (const fn of session.everyFunction()) {
    // Cheap, and rules out nearly all of them.
    if (!texts.some((text) => text.includes(textOf(fn)))) continue;
    const facts = factsOf(session, fn);
    const scope = moduleScope(facts);
    const scriptId = facts.location?.scriptId ?? '';
    if (scope && ids.includes(scriptId)) return { scriptId, variables: scope.variables };
  }
  return undefined;
}
