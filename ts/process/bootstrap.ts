// A child's life: it learns who it is, runs the main module again, does its work, leaves the result.
import { closeSync } from 'node:fs';

import '../channel/carried.js';
import { decode, encode } from '../codec/codec.js';
import { adoptMainModule, loadMain } from '../functions/main-module.js';
import { inheritLog, logSettings } from '../logging/log.js';
import { attachTree } from '../memory/memory.js';
import { native } from '../native/binding.js';
import { setCurrentProcess } from './current.js';
import { fulfil } from './fulfil.js';
import { Process } from './process.js';
import { newRecord, setRecord } from './record.js';
import { encodeReport } from './report.js';
import { inheritMethod } from './start-methods.js';
import { descriptors, packTask, unpackTask, type Identity, type Task, type Work } from './task.js';
import { becomeProcess, setImportingMain, thisProcess } from './this-process.js';

/** Runs the task that the parent left in this process's descriptors. */
export async function runTask(): Promise<void> {
  const { control, mailbox, parent } = descriptors;
  const task = unpackTask(native.takeTask(control, mailbox, parent));
  settleIn(task);
  await fulfil({ name: task.identity.name, holder: task.holder }, () => takeWork(task));
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
  await rehearseBeginning();
  for (const part of rehearsals) await part();
}

const rehearsals: (() => Promise<void>)[] = [];

/** `part` does what many children do first, too. It leaves nothing behind, and must not fail. */
export function addRehearsal(part: () => Promise<void>): void {
  rehearsals.push(part);
}

async function rehearseBeginning(): Promise<void> {
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
