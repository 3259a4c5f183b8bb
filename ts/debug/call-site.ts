// Where in the user's program a call came from, as its stack says: so source maps are applied where
// the program applies them.
import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** This package's own code. */
const ownFolder = dirname(__dirname) + sep;
const mostFrames = 50;

/** A place in the user's program. */
export interface CallSite {
  /** `file:line:column`, or what else is known. */
  readonly text: string;
  /** Whether a module was being loaded. */
  readonly isModuleLevel: boolean;
}

/** The innermost call that the user's program has made. */
export function callSite(): CallSite {
  const frames = framesHere();
  const isModuleLevel = frames.some((frame) =>
    /node:internal\/modules\/(cjs\/loader|esm\/module_job)/.test(frame),
  );
  for (const frame of frames) {
    const text = placeIn(frame);
    if (text !== undefined) return { text, isModuleLevel };
  }
  return { text: 'an unknown place', isModuleLevel };
}

function framesHere(): string[] {
  const holder: { stack?: string } = {};
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = mostFrames;
  Error.captureStackTrace(holder, callSite);
  // Here, for it is made when it is read.
  const text = holder.stack ?? '';
  Error.stackTraceLimit = stackTraceLimit;
  return text.split('\n').slice(1);
}

/** The place of a frame; undefined for those of Node and of this package. */
function placeIn(frame: string): string | undefined {
  const found = /(?:\(|at (?:async )?)((?:file:|\/|[A-Za-z]:\\).*?:\d+:\d+)\)?$/.exec(frame)?.[1];
  if (found === undefined) return undefined;
  const [, file, position] = /^(.*?)(:\d+:\d+)$/.exec(found)!;
  const path = file!.startsWith('file:') ? fileURLToPath(file!) : file!;
  return path.startsWith(ownFolder) ? undefined : path + position!;
}
