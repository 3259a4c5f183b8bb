// Documents of this repository, read for tests: their fenced blocks, tables and links.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The repository; this file runs in build/dev/test/docs. */
export const root = join(__dirname, '../../../..');

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Documents for users: the README and docs/. */
export const userDocuments = ['README.md', ...markdownIn('docs')];

/** All documents at the root, in docs/ and in bench/. */
export const allDocuments = [...markdownIn('.'), ...markdownIn('docs'), ...markdownIn('bench')];

function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
}

export interface FencedBlock {
  readonly language: string;
  readonly code: string;
  /** Line of the opening fence. */
  readonly line: number;
}

export function fencedBlocks(path: string): FencedBlock[] {
  const blocks: FencedBlock[] = [];
  const lines = readText(path).split('\n');
  for (let i = 0; i < lines.length; i++) {
    const language = /^```(\w*)$/.exec(lines[i] ?? '')?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', i + 1);
    blocks.push({ language, code: lines.slice(i + 1, end).join('\n') + '\n', line: i + 1 });
    i = end;
  }
  return blocks;
}

/** A program in a document, and what it prints: the `text` block right after it. */
export interface Program extends FencedBlock {
  readonly document: string;
  readonly prints: string | undefined;
}

export function programsIn(document: string): Program[] {
  const blocks = fencedBlocks(document);
  return blocks.flatMap((block, i) => {
    if (!['js', 'ts'].includes(block.language)) return [];
    const next = blocks[i + 1];
    return [{ ...block, document, prints: next?.language === 'text' ? next.code : undefined }];
  });
}

/** The tables of a text, as rows of cells; the first row is the head. */
export function tablesIn(text: string, lineStart: RegExp): string[][][] {
  const tables: string[][][] = [];
  let current: string[][] | undefined;
  for (const line of text.split('\n')) {
    const inside = lineStart.test(line) ? line.replace(lineStart, '') : '';
    if (!inside.includes('|')) {
      current = undefined;
      continue;
    }
    if (/^[-+| :]+$/.test(inside)) continue;
    const cells = inside.replace(/^\||\|$/g, '').split('|');
    if (current === undefined) tables.push((current = []));
    current.push(cells.map((cell) => cell.trim()));
  }
  return tables;
}
