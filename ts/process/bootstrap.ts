// A child's life: it learns who it is, runs the main module again, does its work, leaves the result.
import { closeSync } from 'node:fs';

import '../channel/carried.js';
import { decode } from '../codec/codec.js';
import { adoptMainModule, loadMain } from '../functions/main-module.js';
import { attachTree } from '../memory/memory.js';
import { native } from '../native/binding.js';
import { setCurrentProcess } from './current.js';
import { fulfil } from './fulfil.js';
import { Process } from './process.js';
import { newRecord, setRecord } from './record.js';
import { inheritMethod } from './start-methods.js';
import { descriptors, unpackTask, type Task, type Work } from './task.js';
import { becomeProcess, setImportingMain } from './this-process.js';

/** Runs the task that the parent left in this process's descriptors. */
export async function runTask(): Promise<void> {
  const { control, mailbox, parent } = descriptors;
  const task = unpackTask(native.takeTask(control, mailbox, parent));
  settleIn(task);
  await fulfil({ name: task.identity.name, holder: task.holder }, () => takeWork(task));
}

function settleIn({ identity, parent, main, argv, arena, startMethod }: Task): void {
  inheritMethod(startMethod);
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
  const type = (work.type ?? Process) as typeof Process;
  const self = Object.create(type.prototype) as Process;
  const { target, args } = work;
  setRecord(self, newRecord({ ...identity, target, args, isCurrent: true }));
  Object.assign(self, work.fields);
  setCurrentProcess(self);
  return self;
}
