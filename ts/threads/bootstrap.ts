// A thread's life: it learns who it is, runs the main module again, does its work, leaves the result.
import { decode } from '../codec/codec.js';
import { adoptMainModule, loadMain } from '../functions/main-module.js';
import { objectOf } from '../memory/handles.js';
import { native } from '../native/binding.js';
import { encodeReport } from '../process/report.js';
import { inheritMethod } from '../process/start-methods.js';
import type { Report, Work } from '../process/task.js';
import { becomeThread, setImportingMain } from '../process/this-process.js';
import type { Lock } from '../sync/lock.js';
import { currentThread, setCurrentThread } from './current.js';
import { useDirectOutput } from './direct-output.js';
import { tellUncaught } from './except-hook.js';
import { registerLoaders } from './loaders.js';
import { newRecord, setRecord } from './record.js';
import { State, Word, type ThreadNews, type ThreadTask } from './task.js';
import { enterThread, thisThread } from './this-thread.js';
import { Thread } from './thread.js';

/** Held until the thread's end; never collected. */
let life: Lock | undefined;

/** Does what the starter wants of this thread. */
export async function runThread(task: ThreadTask): Promise<void> {
  settleIn(task);
  const report = reporterOf(task);
  try {
    const self = await takeWork(task);
    const value = await self.run();
    report({ value });
  } catch (error) {
    report({ error });
    tellUncaught({ error, thread: currentThread() });
    process.exit(1);
  }
}

function settleIn(task: ThreadTask): void {
  const { words, port } = task;
  useDirectOutput();
  becomeThread();
  life = objectOf(task.life) as Lock;
  life.acquireSync();
  enterThread(task.name, task.isDaemon);
  process.on('exit', (code) => {
    words[Word.exitCode] = code + 1;
  });
  words[Word.nativeId] = native.nativeThreadId();
  Atomics.store(words, Word.state, State.lives);
  Atomics.notify(words, Word.state);
  port.postMessage('lives' satisfies ThreadNews);
  process.argv = [...task.argv];
  if (task.startMethod !== null) inheritMethod(task.startMethod);
  adoptMainModule(task.main);
}

async function takeWork({ main, work: message, words }: ThreadTask): Promise<Thread> {
  if (main?.runsInChildren === true) {
    await registerLoaders();
    setImportingMain(true);
    await loadMain(main);
    setImportingMain(false);
  }
  const work = (await decode(message)) as Work;
  Atomics.store(words, Word.state, State.works);
  const type = (work.type ?? Thread) as typeof Thread;
  const self = Object.create(type.prototype) as Thread;
  const { target, args } = work;
  setRecord(self, newRecord({ ...thisThread(), target, args, isCurrent: true }));
  Object.assign(self, work.fields);
  setCurrentThread(self);
  return self;
}

/** The report is left once: what comes first counts. */
function reporterOf({ port, holder }: ThreadTask): (report: Report) => void {
  let isLeft = false;
  const leave = (report: Report): void => {
    if (isLeft) return;
    isLeft = true;
    port.postMessage(encodeReport(report, holder) satisfies ThreadNews);
  };
  // Only listens: Node ends the thread as it does without this.
  process.on('uncaughtExceptionMonitor', (error) => {
    leave({ error });
    tellUncaught({ error, thread: currentThread() });
  });
  return leave;
}
