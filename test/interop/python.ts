// The installed CPythons, and programs that run in them.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { RunningProgram } from '../helpers/program';

export interface Python {
  readonly path: string;
  /** Such as 3.11.7. */
  readonly version: string;
  readonly minor: number;
}

function versionOf(path: string): Python | undefined {
  try {
    const script = 'import sys, multiprocessing.connection; print(sys.version.split()[0])';
    const version = execFileSync(path, ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
    const [major, minor] = version.split('.').map(Number);
    return major === 3 && minor !== undefined && minor >= 8 ? { path, version, minor } : undefined;
  } catch {
    return undefined;
  }
}

function candidates(): string[] {
  const versions = join(homedir(), '.pyenv', 'versions');
  const installed = existsSync(versions) ? readdirSync(versions) : [];
  return [
    ...installed.map((name) => join(versions, name, 'bin', 'python3')),
    'python3',
    '/usr/bin/python3',
  ];
}

/** The oldest and the newest handshake, and what `python3` is. */
export function pythons(): Python[] {
  const found = candidates()
    .map(versionOf)
    .filter((python) => python !== undefined);
  const byVersion = new Map(found.map((python) => [python.version, python]));
  const sorted = [...byVersion.values()].sort((a, b) => a.minor - b.minor);
  const old = sorted.filter(({ minor }) => minor < 12).at(-1);
  const [firstNew, lastNew] = [sorted.find(({ minor }) => minor >= 12), sorted.at(-1)];
  return [...new Set([old, firstNew, lastNew])].filter((python) => python !== undefined);
}

/** What every program begins with: the connection of the other side, from its arguments. */
const prelude = `
import os, socket, sys
from multiprocessing import AuthenticationError, reduction
from multiprocessing.connection import Client, Listener, answer_challenge, deliver_challenge
def address(text):
    if text.startswith('@'):
        return '\\0' + text[1:]
    host, colon, port = text.rpartition(':')
    return (host, int(port)) if colon else text
key = lambda i: bytes.fromhex(sys.argv[i]) if len(sys.argv) > i else None
def say(*words):
    print(*words, flush=True)
`;

/** Runs a Python program; its arguments are in `sys.argv[1:]`. */
export function runPython(python: Python, script: string, ...args: string[]): RunningProgram {
  const child = spawn(python.path, ['-c', prelude + script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new RunningProgram(child);
}
