// A clock that all processes of the machine share: times of a worker mean the same to its pool.
function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

let originMs: number | undefined;

/** Milliseconds since a moment that is the same for all processes of the machine. */
export function clockMs(): number {
  // `performance.now` counts from the start of its process, and is the cheaper one to ask.
  originMs ??= monotonicMs() - performance.now();
  return originMs + performance.now();
}

/** In a process that may have been forked since the clock was first asked. */
export function resetClock(): void {
  originMs = undefined;
}
