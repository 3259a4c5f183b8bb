// A user's program: files in a folder of their own, with the package installed, run by node.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { within } from './watchdog';

const root = dirname(require.resolve('node-multiprocessing/package.json'));

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Program {
  readonly folder = mkdtempSync(join(tmpdir(), 'mp-program-'));

  /** @param files - text by file name */
  constructor(files: Readonly<Record<string, string>>) {
    mkdirSync(join(this.folder, 'node_modules'));
    symlinkSync(root, join(this.folder, 'node_modules', 'node-multiprocessing'));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, name)), { recursive: true });
      writeFileSync(join(this.folder, name), text);
    }
  }

  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningProgram {
    const child = spawn(process.execPath, args, {
      cwd: this.folder,
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    return new RunningProgram(child);
  }

  /** Runs node with these arguments in the folder. */
  async run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ProgramEnd> {
    return this.start(args, env).end();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class RunningProgram {
  stdout = '';
  stderr = '';
  readonly #closed: Promise<[number | null, NodeJS.Signals | null]>;

  constructor(readonly child: ChildProcess) {
    child.stdout?.on('data', (data: Buffer) => (this.stdout += data.toString()));
    child.stderr?.on('data', (data: Buffer) => (this.stderr += data.toString()));
    this.#closed = new Promise((resolve, reject) => {
      child.once('error', reject);
      // When its outputs are closed: by all processes that have them.
      child.once('close', (code, signal) => {
        resolve([code, signal]);
      });
    });
  }

  /** Resolves when it has printed `text`. */
  async printed(text: string): Promise<void> {
    const { stdout } = this.child;
    const look = new Promise<void>((resolve) => {
      const check = (): void => {
        if (!this.stdout.includes(text)) return;
        stdout?.off('data', check);
        resolve();
      };
      stdout?.on('data', check);
      check();
    });
    await within(`the program to print ${text}; it printed ${this.stdout}${this.stderr}`, look);
  }

  async end(limitMs?: number): Promise<ProgramEnd> {
    try {
      const [code, signal] = await within(
        'the program and its children to end',
        this.#closed,
        limitMs,
      );
      return { code, signal, stdout: this.stdout, stderr: this.stderr };
    } catch (error) {
      this.child.kill('SIGKILL');
      throw error;
    }
  }
}

/** Runs one program and removes it. */
export async function runProgram(
  files: Readonly<Record<string, string>>,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<ProgramEnd> {
  const program = new Program(files);
  try {
    return await program.run(args, env);
  } finally {
    program.remove();
  }
}
