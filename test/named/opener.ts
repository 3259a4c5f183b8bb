// A process of its own that opens names: asked by lines of JSON on its standard input, each answered by
// one line on its standard output.
import * as mp from 'node-multiprocessing';
import { createInterface } from 'node:readline';

import type { Answer, Question } from './strangers';

const classes = { Lock: mp.Lock, Event: mp.Event, Value: mp.Value, Semaphore: mp.Semaphore };
const opened = new Map<string, object>();

function answer({ ask, name, type = 'Lock', options }: Question): unknown {
  switch (ask) {
    case 'open':
      opened.set(name, classes[type].open(name, options as never));
      return true;
    case 'acquire':
      return (opened.get(name) as mp.Lock).acquireSync({ timeout: 0 });
    case 'add':
      return (opened.get(name) as mp.Value<'i'>).add(1);
    case 'set':
      (opened.get(name) as mp.Event).set();
      return true;
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
