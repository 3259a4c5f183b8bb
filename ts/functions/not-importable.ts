// Says why a function cannot be sent, and what to do about it.
import { findSourceMap } from 'node:module';
import { NotImportableError } from '../errors.js';
import { fileOf, loadedModule } from './common-js.js';
import { moduleScope, type FunctionFacts, type Scope } from './inspector.js';
import { calledInMessages, isClass, nameOf } from './text.js';
import type { Callable } from './reference.js';

interface Situation {
  /** Half a sentence: `it is a bound function`. */
  readonly because: string;
  /** Sentences; the general ones when absent. */
  readonly remedy?: string;
}

/** The error for a function that no module exports. `url` is that of its code. */
export function refuse(
  fn: Callable,
  facts: FunctionFacts,
  url: string | undefined,
): NotImportableError {
  const { because, remedy } = situation(fn, facts, url);
  return new NotImportableError(
    `${calledInMessages(fn)}${placeOf(facts, url)} cannot be sent to another process: ${because}. ` +
      (remedy ?? remedies(fn)),
  );
}

/** The error where identity cannot be examined. */
export function refuseWithoutInspector(fn: Callable, cause: unknown): NotImportableError {
  return new NotImportableError(
    `${calledInMessages(fn)} cannot be sent to another process as it is: to find its module takes ` +
      "Node's inspector, which is not available here (--permission, or a Node without it). Name " +
      `it by ${namedByHand(fn)}.`,
    { cause },
  );
}

function situation(fn: Callable, facts: FunctionFacts, url: string | undefined): Situation {
  const { isBound, location, scopes } = facts;
  if (isBound) {
    const remedy =
      'Export a function that calls it and pass that one, or pass the function itself, with the ' +
      'bound values among its arguments.';
    return { because: 'it is a bound function, which no module exports', remedy };
  }
  if (!location) return { because: 'it is native code that no module exports' };
  if (url?.startsWith('node:')) {
    return {
      because: 'a function of Node made it, as util.promisify() does, and no module exports it',
    };
  }
  if (url === undefined || isEvaluated(url)) {
    return {
      because:
        'it was defined in evaluated code (-e, the REPL, vm, a test runner), not in a module',
    };
  }
  const closure = closureOf(scopes, moduleScope(facts) !== undefined);
  if (closure) return ofClosure(fn, closure);
  const file = fileOf(url);
  if (file !== undefined && loadedModule(file)?.isComplete === false) {
    return {
      because: 'its module has not exported it, as far as it has run',
      remedy: remedies(fn, 'Put it into module.exports before the code that sends it'),
    };
  }
  return { because: 'its module does not export it' };
}

function ofClosure(fn: Callable, { description, variables }: Scope): Situation {
  const maker = /\((.+)\)/.exec(description)?.[1];
  const names = Object.keys(variables).slice(0, 3).join(', ');
  return {
    because:
      `it is a closure${maker === undefined ? '' : ` made by ${maker}()`}, over variables that ` +
      `exist in this process only (${names}), and no module exports this very one`,
    remedy:
      `Export it under a name and pass the export, pass what it uses as arguments of an exported ` +
      `function, name an export by ${namedByHand(fn)}, or, if it is the target of a Process, start ` +
      "that by 'fork'.",
  };
}

function remedies(fn: Callable, first?: string): string {
  const kind = isClass(fn) ? 'class' : 'function';
  return (
    `${first ?? `Export the ${kind} from its module`}, name an export by ${namedByHand(fn)}, or ` +
    `send a self-contained ${kind} by functionSource(${identifier(fn, kind)}).`
  );
}

const namedByHand = (fn: Callable): string =>
  `functionRef(import.meta.url, '${identifier(fn, 'name')}')`;

/** Its name if that can be written, as `bound f` and `get x` cannot. */
function identifier(fn: Callable, otherwise: string): string {
  const name = nameOf(fn);
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? name : otherwise;
}

const isEvaluated = (url: string): boolean => !/^[a-z][a-z0-9+.-]+:/.test(url);

/** ` (defined at file:line:column)`, counted from 1, in the source that the person wrote. */
function placeOf({ location }: FunctionFacts, url: string | undefined): string {
  if (!location || url === undefined || url === '' || url.startsWith('node:')) return '';
  const file = fileOf(url) ?? url;
  const original = findSourceMap(file)?.findEntry(location.line, location.column);
  const place =
    original && 'originalLine' in original
      ? `${original.originalLine + 1}:${original.originalColumn + 1}`
      : `${location.line + 1}:${location.column + 1}`;
  return ` (defined at ${file}:${place})`;
}

/** The innermost scope that makes a function a closure: not the module's own, not a global one. */
function closureOf(scopes: readonly Scope[], isModule: boolean): Scope | undefined {
  const inner = scopes.filter(({ description }) => !/^(Module|Script|Global)/.test(description));
  if (isModule) return inner[0];
  const wrapper = inner.findIndex(isWrapper);
  if (wrapper >= 0) return inner.slice(0, wrapper)[0];
  // Or a wrapper none of whose own variables is used.
  return inner.length === 1 && inner[0]?.description === 'Closure' ? undefined : inner[0];
}

/**
 * In CommonJS the module is a function that Node wraps around it. esbuild, and so tsx, wraps it once
 * more, with helpers of its own.
 */
function isWrapper({ description, variables }: Scope): boolean {
  const helpers = ['__defProp', '__getOwnPropNames', '__copyProps', 'module', 'exports', 'require'];
  return description === 'Closure' && helpers.some((name) => Object.hasOwn(variables, name));
}
