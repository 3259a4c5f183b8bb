// A process of its own that opens names: asked by lines of JSON on its standard input, each answered by
// one line on its standard output.
import * as mp from 'node-multiprocessing';
import { createInterface } from 'node:readline';

import type { Answer, Question } from './strangers';

const classes: Record<string, { open(name: string, options?: object): object }> = {
  Lock: mp.Lock,
  Event: mp.Event,
  Value: mp.Value,
  Semaphore: mp.Semaphore,
  Queue: mp.Queue,
  JoinableQueue: mp.JoinableQueue,
};
const opened = new Map<string, object>();

function answer({ ask, name, type = 'Lock', options, item }: Question): unknown {
  switch (ask) {
    case 'open':
      opened.set(name, classes[type]!.open(name, options));
      return true;
    case 'acquire':
      return (opened.get(name) as mp.Lock).acquireSync({ timeout: 0 });
    case 'add':
      return (opened.get(name) as mp.Value<'i'>).add(1);
    case 'set':
      (opened.get(name) as mp.Event).set();
      return true;
    case 'put':
      (opened.get(name) as mp.Queue).putSync(item);
      return true;
    case 'putShared':
      (opened.get(name) as mp.Queue).putSync(new mp.Value('i', item as number));
      return true;
    case 'get':
      return (opened.get(name) as mp.Queue).getSync({ timeout: 5000 });
    case 'read':
      return (opened.get(name) as mp.Value<'i'>).value;
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  let reply: Answer;
  try {
    reply = { value: answer(JSON.parse(line) as Question) };
  } catch (error) {
    reply = { code: (error as { code?: string }).code ?? String(error) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
});
