// What a child or a thread leaves behind, as a message.
import { inspect } from 'node:util';

import { encode } from '../codec/codec.js';
import type { Report } from './task.js';

/** The report as a message; what it refers to lives until the thread `holder` has seen it. */
export function encodeReport(report: Report, holder: number): Uint8Array {
  try {
    return encode(report, { label: 'value' in report ? 'the return value' : 'the error', holder });
  } catch (error) {
    // The result alone is lost: the child has done its work, and its exit code says so.
    return encode({ error }, { holder });
  }
}

/** An error with its stack, its cause and its properties. */
export function textOf(error: unknown): string {
  return inspect(error);
}
