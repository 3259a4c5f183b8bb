// A crawler: workers get pages and search them by a regular expression, which is an argument; the
// callback prints what was found. (Here a server of this process stands in for the site of films.)
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { isMainProcess, Pool } from 'node-multiprocessing';

interface Film {
  readonly index: string;
  readonly title: string;
  readonly actor: string;
  readonly time: string;
}

const films: Film[] = [
  { index: '1', title: '霸王别姬', actor: '张国荣', time: '1993-01-01' },
  { index: '2', title: '肖申克的救赎', actor: '蒂姆·罗宾斯', time: '1994-10-14' },
  { index: '3', title: '罗马假日', actor: '格利高里·派克', time: '1953-09-02' },
  { index: '4', title: '这个杀手不太冷', actor: '让·雷诺', time: '1994-09-14' },
];

const pageOf = ({ index, title, actor, time }: Film): string => `<dd>
  <i class="board-index">${index}</i><a title="${title}"></a>
  <p class="star">主演:${actor}</p><p class="releasetime">上映时间:${time}</p></dd>`;

export async function crawl(url: string, pattern: RegExp): Promise<Film[]> {
  const text = await (await fetch(url)).text();
  return [...text.matchAll(pattern)].map(([, index = '', title = '', actor = '', time = '']) => {
    return { index, title, actor, time };
  });
}

async function main(): Promise<void> {
  const server = createServer((request, response) => {
    const offset = Number(new URL(request.url!, 'http://site').searchParams.get('offset'));
    response.setHeader('connection', 'close');
    response.end(
      films
        .slice(offset, offset + 2)
        .map(pageOf)
        .join('\n'),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const pattern = /board-index">(\d+)<.*?title="(.*?)".*?主演:(.*?)<.*?上映时间:(.*?)</gsu;
  const pool = new Pool(3);
  for (const offset of [0, 2]) {
    pool.applyAsync(crawl, [`http://127.0.0.1:${port}/board?offset=${offset}`, pattern], {
      callback: (found) => {
        for (const film of found) console.log(JSON.stringify(film));
      },
      errorCallback: console.error,
    });
  }
  pool.close();
  await pool.join();
  server.close();
}

if (isMainProcess()) void main();

// Prints, in any order:
// {"index":"1","title":"霸王别姬","actor":"张国荣","time":"1993-01-01"}
// {"index":"2","title":"肖申克的救赎","actor":"蒂姆·罗宾斯","time":"1994-10-14"}
// {"index":"3","title":"罗马假日","actor":"格利高里·派克","time":"1953-09-02"}
// {"index":"4","title":"这个杀手不太冷","actor":"让·雷诺","time":"1994-09-14"}
