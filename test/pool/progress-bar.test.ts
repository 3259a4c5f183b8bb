// The progress bar, on a terminal and without one.
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

import { runProgram } from '../helpers/program';
import { within } from '../helpers/watchdog';
import { upTo } from './pools';
import * as tasks from './tasks';

/** What is written, as a terminal of so many columns would get it. */
function terminal(columns: number | undefined, isTTY = true) {
  const written: string[] = [];
  return { written, stream: { isTTY, columns, write: (text: string) => written.push(text) } };
}

describe('progressBar()', () => {
  it('draws one line again and again, and ends it when all is done', async () => {
    const { written, stream } = terminal(60);
    await using pool = new mp.ThreadPool(1);
    const onProgress = mp.progressBar({ label: 'squares', stream });
    await within('map', pool.map(tasks.square, upTo(10), { chunksize: 1, onProgress }));
    assert.equal(written.pop(), '\n');
    assert.ok(written.length >= 2);
    for (const line of written) assert.match(line, /^\r[^\n\r]{1,59}\u001b\[K$/u);
    assert.match(written[0]!, /^\rsquares {2}10% \|█+░+\| 1\/10 \[\d+:\d\d<\d+:\d\d, [\d.]+\/s\]/u);
    assert.match(written.at(-1)!, /^\rsquares 100% \|█+\| 10\/10 \[\d+:\d\d, [\d.]+\/s\]/u);
  });

  it('draws seldom, and fits into lines of any length', () => {
    for (const columns of [1, 10, 30, 40, 200, undefined]) {
      const { written, stream } = terminal(columns);
      const bar = mp.progressBar({ label: 'a label', stream });
      for (let done = 1; done <= 10_000; done += 1) bar(done, 10_000);
      assert.ok(written.length < 100, `${String(written.length)} lines`);
      for (const line of written.slice(0, -1)) {
        assert.ok(line.length - '\r\u001b[K'.length < (columns ?? 80), line);
      }
    }
  });

  it('counts where the total is not known, and leaves its line at stop()', () => {
    const { written, stream } = terminal(80);
    {
      using bar = mp.progressBar({ stream });
      bar(1, undefined);
    }
    assert.match(written[0]!, /^\r1 \[0:00, [\d.]+\/s\]\u001b\[K$/u);
    assert.deepEqual(written.slice(1), ['\n']);
  });

  it('starts anew for another run', () => {
    const { written, stream } = terminal(80);
    const bar = mp.progressBar({ stream });
    for (const done of [1, 2, 1, 2]) bar(done, 2);
    assert.equal(written.filter((text) => text === '\n').length, 2);
    assert.equal(written.filter((text) => text.includes(' 50%')).length, 2);
    bar(0, 0);
    assert.match(written.at(-2)!, /100%/);
  });

  it('writes a line for each ten percent where there is no terminal', async () => {
    const { written, stream } = terminal(undefined, false);
    const bar = mp.progressBar({ label: 'items', stream });
    for (let done = 1; done <= 1000; done += 1) bar(done, 1000);
    assert.equal(written.length, 10);
    assert.match(written[4]!, /^items {2}50% 500\/1000 \[0:00<0:00, \d+\/s\]\n$/);
    const program = `
      import * as mp from 'node-multiprocessing';
      export const square = (x) => x * x;
      if (mp.isMainProcess()) {
        const pool = new mp.Pool(1);
        await pool.map(square, [1, 2, 3, 4], { chunksize: 2, onProgress: mp.progressBar() });
      }`;
    const { code, stdout, stderr } = await runProgram({ 'main.mjs': program }, ['main.mjs']);
    assert.deepEqual([code, stdout], [0, '']);
    assert.match(stderr, /^ 50% 2\/4 \[.*\]\n100% 4\/4 \[.*\]\n$/);
  });
});
