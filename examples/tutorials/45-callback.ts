// Three workers get pages; a callback in this process parses each as it comes, and appends what it
// found to a file. (The original gets five well-known sites; here a server of this process stands in.)
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { isMainProcess, Pool, type AsyncResult } from 'node-multiprocessing';

const sites = ['baidu', 'python', 'openstack', 'help', 'sina'];

interface Page {
  readonly url: string;
  readonly text: string;
}

export async function getPage(url: string): Promise<Page> {
  console.log(`<进程${process.pid}> get ${new URL(url).pathname}`);
  const response = await fetch(url);
  return { url, text: await response.text() };
}

function parsePage({ url, text }: Page, file: string): void {
  const who = process.pid === mainPid ? '主进程' : 'another process';
  console.log(`<${who}> parse ${new URL(url).pathname}`);
  appendFileSync(file, `url:${new URL(url).pathname} size:${text.length}\n`);
}

const mainPid = process.pid;

async function main(): Promise<void> {
  const server = createServer((request, response) => {
    response.setHeader('connection', 'close');
    response.end(`<html>${request.url}</html>`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const folder = mkdtempSync(join(tmpdir(), 'callback-'));
  const file = join(folder, 'db.txt');

  const pool = new Pool(3);
  const results: AsyncResult<Page>[] = [];
  for (const site of sites) {
    const callback = (page: Page): void => {
      parsePage(page, file);
    };
    const url = `http://127.0.0.1:${port}/${site}`;
    results.push(pool.applyAsync(getPage, [url], { callback }));
  }
  pool.close();
  await pool.join();
  for (const result of results) console.log((await result.get()).text);
  console.log(`${readFileSync(file, 'utf8').split('\n').length - 1} lines in db.txt`);
  rmSync(folder, { recursive: true });
  server.close();
}

if (isMainProcess()) void main();

// Prints, in any order:
// <进程PID> get /baidu
// <进程PID> get /python
// <进程PID> get /openstack
// <进程PID> get /help
// <进程PID> get /sina
// <主进程> parse /baidu
// <主进程> parse /python
// <主进程> parse /openstack
// <主进程> parse /help
// <主进程> parse /sina
// Prints:
// <html>/baidu</html>
// <html>/python</html>
// <html>/openstack</html>
// <html>/help</html>
// <html>/sina</html>
// 5 lines in db.txt
