// A child's life: it learns who it is, runs the main module again, does its work, leaves the result.
import { closeSync } from 'node:fs';

import '../channel/carried.js';
import { decode, encode } from '../codec/codec.js';
import { adoptMainModule, loadMain } from '../functions/main-module.js';
import { getLogger, inheritLog, logSettings } from '../logging/log.js';
import { attachTree } from '../memory/memory.js';
import { native } from '../native/binding.js';
import { setCurrentProcess } from './current.js';
import { Process } from './process.js';
import { newRecord, setRecord } from './record.js';
import { encodeReport, textOf } from './report.js';
import { inheritMethod } from './start-methods.js';
import {
  descriptors,
  packTask,
  unpackTask,
  type Identity,
  type Report,
  type Task,
  type Work,
} from './task.js';
import { becomeProcess, setImportingMain, thisProcess } from './this-process.js';

/** Runs the task that the parent left in this process's descriptors. */
export async function runTask(): Promise<void> {
  const { control, mailbox, parent } = descriptors;
  const task = unpackTask(native.takeTask(control, mailbox, parent));
  settleIn(task);
  const isReported = reportUncaught(task);
  try {
    const self = await takeWork(task);
    logLife();
    const value = await self.run();
    isReported.leave({ value });
  } catch (error) {
    isReported.leave({ error });
    process.stderr.write(`Process ${task.identity.name}:\n${textOf(error)}\n`);
    process.exit(1);
  }
}

/** Its end too, whatever brings it but a signal. */
function logLife(): void {
  getLogger().info('child process calling run()');
  process.on('exit', (code) => {
    getLogger().info(`process exiting with exit code ${String(code)}`);
  });
}

function settleIn({ identity, parent, main, argv, arena, startMethod, log }: Task): void {
  inheritMethod(startMethod);
  inheritLog(log);
  process.argv = [...argv];
  becomeProcess({ identity, parent });
  adoptMainModule(main);
  attachTree({ id: arena, descriptor: descriptors.arena });
  closeSync(descriptors.arena);
}

async function takeWork({ identity, main, work: message }: Task): Promise<Process> {
  if (main?.runsInChildren === true) {
    setImportingMain(true);
    await loadMain(main);
    setImportingMain(false);
  }
  const work = (await decode(message)) as Work;
  native.tellStarted();
  const self = processOf(identity, work);
  setCurrentProcess(self);
  return self;
}

function processOf(identity: Identity, { type, target, args, fields }: Work): Process {
  const { prototype } = (type ?? Process) as typeof Process;
  const self = Object.create(prototype) as Process;
  setRecord(self, newRecord({ ...identity, target, args, isCurrent: true }));
  return Object.assign(self, fields);
}

/**
 * In a forkserver: does what a child does first, on nothing, so that its children find the code
 * compiled.
 */
export async function rehearse(): Promise<void> {
  const { identity } = thisProcess();
  const nothing = { type: undefined, target: rehearse, args: [1, '', {}], fields: {} };
  const task: Task = {
    identity,
    parent: { name: '', pid: 0 },
    argv: [],
    startMethod: 'spawn',
    log: logSettings(),
    main: undefined,
    arena: '',
    holder: 0,
    work: encode(nothing, { label: '' }),
  };
  const { work } = unpackTask(packTask(task));
  processOf(identity, (await decode(work)) as Work);
  encodeReport({ value: undefined }, 0);
}

/** The report is left once: what comes first counts. */
function reportUncaught({ identity, holder }: Task): { leave(report: Report): void } {
  let isLeft = false;
  const leave = (report: Report): void => {
    if (isLeft) return;
    isLeft = true;
    native.leaveResult(encodeReport(report, holder));
  };
  // Only listens: Node prints the error and ends the process as it does without this.
  process.on('uncaughtExceptionMonitor', (error) => {
    process.stderr.write(`Process ${identity.name}:\n`);
    leave({ error });
  });
  return { leave };
}
