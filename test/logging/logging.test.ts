// getLogger and logToStderr (CPython's _TestLogging), and what the library itself writes.
import * as mp from 'node-multiprocessing';
import assert from 'node:assert/strict';

import { runProgram } from '../helpers/program';

const start = `const mp = require('node-multiprocessing');\n`;
const program = (text: string, env?: NodeJS.ProcessEnv) =>
  runProgram({ 'main.cjs': start + text }, ['main.cjs'], env);

describe('getLogger', () => {
  afterEach(() => {
    mp.getLogger().setLevel('notset');
  });

  it('gives one logger, whose level can be set and asked (test_enable_logging)', () => {
    const logger = mp.getLogger();
    assert.equal(mp.getLogger(), logger);
    assert.deepEqual([logger.level, logger.effectiveLevel], [0, 30]);
    for (const [level, number] of [
      ['debug', 10],
      ['INFO', 20],
      ['subwarning', 25],
      [7, 7],
    ] as const) {
      logger.setLevel(level as mp.LogLevel);
      assert.deepEqual([logger.level, logger.effectiveLevel], [number, number]);
    }
    for (const wrong of ['loud', -1, 1.5, undefined, null, Number.NaN, 'toString']) {
      assert.throws(() => {
        logger.setLevel(wrong as never);
      }, TypeError);
    }
  });

  it('sends messages of its level and above to each handler, until it is removed', () => {
    const logger = mp.getLogger();
    const seen: mp.LogRecord[] = [];
    const handler = (record: mp.LogRecord): void => {
      seen.push(record);
    };
    assert.equal(logger.isEnabledFor('critical'), false);
    logger.addHandler(handler);
    logger.info('not yet');
    logger.setLevel('info');
    assert.deepEqual(
      [logger.isEnabledFor('info'), logger.isEnabledFor('debug'), logger.isEnabledFor(21)],
      [true, false, true],
    );
    logger.debug('no');
    logger.info('one');
    logger.warning('two');
    logger.error('three');
    logger.log(22, 'four');
    logger.removeHandler(handler);
    logger.error('no more');
    assert.deepEqual(
      seen.map(({ levelName, message }) => `${levelName} ${message}`),
      ['INFO one', 'WARNING two', 'ERROR three', 'Level 22 four'],
    );
    const { processName, threadName, pid } = seen[0]!;
    assert.deepEqual([processName, threadName, pid], ['MainProcess', 'MainThread', process.pid]);
    assert.ok(Math.abs(Date.now() - seen[0]!.time) < 10_000);
    assert.throws(() => {
      logger.addHandler('stderr' as never);
    }, TypeError);
  });
});

describe('the thread in a log record', () => {
  it('is the one that wrote it, by its present name', async () => {
    const { stdout, stderr } = await program(`
      const names = async () => {
        const seen = [];
        mp.getLogger().addHandler(({ processName, threadName }) => seen.push(processName, threadName));
        mp.getLogger().error('one');
        mp.threading.currentThread().name = 'another';
        mp.getLogger().error('two');
        return seen;
      };
      module.exports = { names };
      if (mp.isMainProcess()) (async () => {
        const thread = new mp.threading.Thread({ target: names, name: 'Reader' });
        await thread.start();
        console.log((await thread.result()).join(' '));
      })();`);
    assert.equal(stdout, 'MainProcess Reader MainProcess another\n', stderr);
  });
});

describe('logToStderr', () => {
  it('writes [LEVEL/process] message, once for each call of it', async () => {
    const { stderr } = await program(`
      mp.getLogger().error('nobody listens');
      const logger = mp.logToStderr();
      logger.info('too low');
      logger.warning('once');
      if (mp.logToStderr('info') !== mp.getLogger()) throw new Error('another logger');
      logger.info('twice');`);
    const twice = '[INFO/MainProcess] twice\n';
    assert.equal(stderr, `[WARNING/MainProcess] once\n${twice}${twice}`);
  });

  for (const method of ['forkserver', 'spawn']) {
    it(`does so in children too, with the same level, not with other handlers (${method}; test_level)`, async () => {
      const { stderr, stdout } = await program(
        `exports.work = () => {
          const logger = mp.getLogger();
          logger.info('from the child');
          logger.debug('too low');
          console.log(logger.level);
        };
        if (mp.isMainProcess()) (async () => {
          mp.logToStderr('info').addHandler(({ message }) => console.log('mine', message));
          await new mp.Process({ target: exports.work }).start();
        })();`,
        { NODE_MULTIPROCESSING_START_METHOD: method },
      );
      assert.equal(stdout, '20\n');
      assert.deepEqual(stderr.trim().split('\n'), [
        '[INFO/Process-1] child process calling run()',
        '[INFO/Process-1] from the child',
        '[INFO/Process-1] process exiting with exit code 0',
      ]);
    });
  }

  it('tells of processes that start and end', async () => {
    const { stderr } = await program(`
      exports.work = () => process.exit(3);
      if (mp.isMainProcess()) (async () => {
        mp.logToStderr('debug');
        const child = new mp.Process({ target: exports.work, name: 'worker' });
        await child.start();
        await child.join();
        console.error(child.pid);
      })();`);
    const pid = /^(\d+)$/m.exec(stderr)![1]!;
    for (const line of [
      `[DEBUG/MainProcess] process worker, pid ${pid}, has started`,
      '[INFO/worker] process exiting with exit code 3',
      `[DEBUG/MainProcess] process worker, pid ${pid}, has ended with exit code 3`,
    ]) {
      assert.ok(stderr.includes(`${line}\n`), `${line} is not in ${stderr}`);
    }
  });

  it('tells why processes are spawned instead of forked', async () => {
    const { stderr } = await program(
      `exports.work = () => {};
      if (mp.isMainProcess()) (async () => {
        mp.setForkserverPreload(['./missing.cjs']);
        mp.logToStderr('info');
        const child = new mp.Process({ target: exports.work });
        await child.start();
        await child.join();
      })();`,
      { NODE_MULTIPROCESSING_START_METHOD: 'forkserver' },
    );
    assert.match(stderr, /\[INFO\/MainProcess\] processes are spawned instead of forked .*: \S/);
  });

  it('is inherited by worker threads', async () => {
    const { stderr } = await program(`
      const { Worker, isMainThread } = require('node:worker_threads');
      if (isMainThread) {
        mp.logToStderr('info');
        new Worker(__filename);
      } else {
        mp.getLogger().info('from the thread');
        mp.getLogger().debug('too low');
      }`);
    assert.equal(stderr, '[INFO/MainProcess] from the thread\n');
  });
});
