// The start method `spawn`: a fresh Node that runs spawn-main.
import { join } from 'node:path';

import { treeFile } from '../memory/memory.js';
import { native } from '../native/binding.js';
import { Child } from './child.js';
import { executablePath } from './executable.js';
import { addStarter, type TaskSeed } from './start-methods.js';
import { packTask } from './task.js';

/** Options of node that make no sense for a child: what it evaluates, and ports that are taken. */
const ownOptions = /^(-e|-p|-pe|-i|-c|--eval|--print|--interactive|--check|--test|--watch|--run)$/;
const ownPrefixes = /^--(inspect|debug|watch|test|eval|print|input-type|run)([-=]|$)/;
/** Those of them that take the next argument as their value. */
const withValue = /^(-e|-p|-pe|--eval|--print|--input-type|--watch-path|--run|--inspect-port)$/;

/** The options of this node that a child gets too. */
export function inheritedOptions(options: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < options.length; i += 1) {
    const option = options[i]!;
    if (!ownOptions.test(option) && !ownPrefixes.test(option)) kept.push(option);
    else if (withValue.test(option)) i += 1;
  }
  return kept;
}

/** Starts the task in a process of its own. Environment and working directory are those of now. */
function spawn(seed: TaskSeed): Child {
  const tree = treeFile();
  const environment = Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ''}`);
  return Child.spawn({
    program: executablePath(),
    arguments: [
      executablePath(),
      ...inheritedOptions(process.execArgv),
      join(__dirname, 'spawn-main.js'),
    ],
    environment,
    directory: process.cwd(),
    arena: tree.descriptor,
    payload: packTask({ ...seed, arena: tree.id, holder: native.selfAt(0) }),
    isDaemon: seed.identity.isDaemon,
  });
}

addStarter('spawn', {
  whyNot: () => undefined,
  start: spawn,
  startSync: spawn,
});
