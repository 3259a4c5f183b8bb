// What can be checked in documents without running their programs: codes, links, commands.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { allDocuments, readText, root } from './fenced-blocks';

function sourcesIn(folder: string, ending: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => readText(join(folder, name)));
}

function codesIn(text: string): string[] {
  return text.match(/\bERR_(?:MP_)?[A-Z]+(?:_[A-Z]+)*\b/g) ?? [];
}

/** As GitHub makes them from headings. */
function anchorsIn(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function brokenLinksIn(document: string): string[] {
  const text = readText(document);
  const targets = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(
    ([, target = '']) => target,
  );
  return targets.filter((target) => {
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? document : join(dirname(document), path);
    if (!existsSync(join(root, file))) return true;
    return anchor !== undefined && !anchorsIn(readText(file)).includes(anchor);
  });
}

describe('documents', () => {
  it('docs/errors.md has a section for every code, and no other', () => {
    const thrown = [...sourcesIn('ts', /\.ts$/), ...sourcesIn('native/napi', /\.cc$/)]
      .flatMap(codesIn)
      .filter((code) => code !== 'ERR_MP');
    const headings = readText('docs/errors.md').match(/^## .+$/gm) ?? [];
    const explained = headings.flatMap(codesIn);
    assert.deepEqual(explained.sort(), [...new Set(thrown)].sort());
  });

  for (const document of allDocuments) {
    it(`${document} links to what is there`, () => {
      assert.deepEqual(brokenLinksIn(document), []);
    });
  }

  it('name only scripts that package.json has', () => {
    const { scripts } = JSON.parse(readText('package.json')) as { scripts: object };
    const named = allDocuments.flatMap((document) =>
      [...readText(document).matchAll(/npm run ([\w:]+)/g)].map(([, script = '']) => script),
    );
    assert.deepEqual(
      named.filter((script) => !(script in scripts)),
      [],
    );
  });

  it('name no path of a machine', () => {
    const found = allDocuments.filter((document) =>
      /\/(?:home|root|work)\//.test(readText(document)),
    );
    assert.deepEqual(found, []);
  });
});
