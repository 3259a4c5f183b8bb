// A program with a module loader on a thread of its own, which its forked children use too.
import { register } from 'node:module';
import { isMainProcess, Process } from 'node-multiprocessing';

import { isForked } from './is-forked.js';

const loader = `
  export const resolve = (name, context, next) =>
    name === 'made:up' ? { url: name, shortCircuit: true } : next(name, context);
  export const load = (url, context, next) => url === 'made:up'
    ? { format: 'module', shortCircuit: true, source: "export default 'loaded'" }
    : next(url, context);`;
process.noDeprecation = true;
register(`data:text/javascript,${encodeURIComponent(loader)}`);

export async function loadMadeUp(): Promise<string> {
  const name = 'made:up';
  const { default: text } = (await import(name)) as { default: string };
  return `${String(isForked())} ${text}`;
}

if (isMainProcess()) {
  const child = new Process({ target: loadMadeUp });
  await child.start();
  console.log(await child.result());
}
