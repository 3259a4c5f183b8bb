// Connections between Node and the installed CPythons, with both of CPython's handshakes, in both
// roles.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as mp from 'node-multiprocessing';

import type { RunningProgram } from '../helpers/program';
import { within } from '../helpers/watchdog';
import { pythons, runPython, type Python } from './python';

const { Client, Listener } = mp.connection;
const authkey = Buffer.from('secret key \0 of bytes');
const wrong = Buffer.from('another key');

const echo = `
try:
    while True:
        message = c.recv_bytes()
        c.send_bytes(message)
except EOFError:
    say('EOFError')
`;
const clientEcho = `c = Client(address(sys.argv[1]), authkey=key(2))${echo}`;
const listenerEcho = `
listener = Listener(address(sys.argv[1]), authkey=key(2))
where = listener.address
say('at', '%s:%d' % where if isinstance(where, tuple) else sys.argv[1])
c = listener.accept()${echo}listener.close()
`;

/** An address as the Python programs take it. */
const asText = (address: readonly [string, number] | string): string =>
  typeof address === 'string' ? address.replace('\0', '@') : address.join(':');

let counter = 0;
const kinds = {
  'a Unix socket': () => join(tmpdir(), `nmp-interop-${process.pid}-${String(counter++)}`),
  TCP: () => ['127.0.0.1', 0] as [string, number],
  'an abstract name': () => `\0nmp-interop-${process.pid}-${String(counter++)}`,
};

async function checkEcho(connection: mp.Connection, program: RunningProgram): Promise<void> {
  for (const size of [0, 1, 3, 16_384, 16_385, 1_000_000]) {
    const message = randomBytes(size);
    await connection.sendBytes(message);
    assert.deepEqual(await within(`${size} bytes`, connection.recvBytes()), message);
    connection.sendBytesSync(message);
    assert.deepEqual(connection.recvBytesSync(), message);
  }
  connection.close();
  assert.equal((await program.end()).stdout.trim().split('\n').at(-1), 'EOFError');
}

/** Connects to a program that printed where it listens. */
async function clientOf(program: RunningProgram, key?: Buffer): Promise<mp.Connection> {
  await program.printed('\n');
  const text = /at (.*)/.exec(program.stdout)?.[1] ?? '';
  const [host, port] = text.split(':');
  const address = port === undefined ? text : ([host ?? '', Number(port)] as const);
  return within('the connection', Client(address, key && { authkey: key }));
}

function suite(python: Python): void {
  for (const [kind, address] of Object.entries(kinds)) {
    it(`Node listens at ${kind}`, async () => {
      await using listener = await Listener({ address: address(), authkey });
      const where = asText(listener.address);
      const program = runPython(python, clientEcho, where, authkey.toString('hex'));
      await checkEcho(await within('the accept', listener.accept()), program);
    });

    it(`Python listens at ${kind}`, async () => {
      const key = authkey.toString('hex');
      const where = address();
      const program = runPython(python, listenerEcho, asText(where), key);
      if (kind === 'an abstract name') {
        await program.printed('\n');
        const client = await within('it', Client(where, { authkey }));
        await checkEcho(client, program);
      } else {
        await checkEcho(await clientOf(program, authkey), program);
      }
    });
  }

  it('without a key', async () => {
    await using listener = await Listener();
    const program = runPython(python, clientEcho, asText(listener.address));
    await checkEcho(await within('the accept', listener.accept()), program);
    const other = runPython(python, listenerEcho, '127.0.0.1:0');
    await checkEcho(await clientOf(other), other);
  });

  it('a wrong key is refused by Node', async () => {
    await using listener = await Listener({ authkey });
    const accepted = assert.rejects(listener.accept(), mp.AuthenticationError);
    const script = `
try:
    Client(address(sys.argv[1]), authkey=key(2))
except AuthenticationError as error:
    say('refused:', error)`;
    const program = runPython(python, script, asText(listener.address), wrong.toString('hex'));
    assert.match((await program.end()).stdout, /refused: digest sent was rejected/);
    await within('the refusal', accepted);
  });

  it('a wrong key is refused by Python', async () => {
    const script = `
listener = Listener(('127.0.0.1', 0), authkey=key(1))
say('at', '%s:%d' % listener.address)
try:
    listener.accept()
except AuthenticationError as error:
    say('refused:', error)`;
    const program = runPython(python, script, authkey.toString('hex'));
    await assert.rejects(clientOf(program, wrong), mp.AuthenticationError);
    assert.match((await program.end()).stdout, /refused: digest received was wrong/);
  });

  it('a client that has no key meets one that wants it', async () => {
    await using listener = await Listener({ authkey });
    const accepted = assert.rejects(listener.accept(), mp.AuthenticationError);
    const script = `
c = Client(address(sys.argv[1]))
say(c.recv_bytes()[:11])`;
    const program = runPython(python, script, asText(listener.address));
    assert.match((await program.end()).stdout, /#CHALLENGE#/);
    await within('the refusal', accepted);
  });

  it('allowMd5: false refuses the answers of CPython up to 3.11 only', async () => {
    await using listener = await Listener({ authkey, allowMd5: false });
    const accepted = listener.accept().then(
      (connection) => {
        connection.close();
        return 'accepted';
      },
      () => 'refused',
    );
    const program = runPython(
      python,
      'Client(address(sys.argv[1]), authkey=key(2))',
      asText(listener.address),
      authkey.toString('hex'),
    );
    const result = await within('the accept', accepted);
    await program.end();
    assert.equal(result, python.minor < 12 ? 'refused' : 'accepted');
  });

  /** Sends what comes back. */
  async function checkLoad(connection: mp.Connection, program: RunningProgram): Promise<void> {
    const huge = Buffer.alloc(100_000_000, randomBytes(1_000_003));
    const sent = connection.sendBytes(huge);
    assert.ok(huge.equals(await within('the huge one', connection.recvBytes(), 50_000)));
    await sent;
    const count = 10_000;
    const writes = (async () => {
      for (let i = 0; i < count; i++) await connection.sendBytes(Buffer.from(String(i)));
    })();
    for (let i = 0; i < count; i++) {
      assert.equal((await within('it', connection.recvBytes())).toString(), String(i));
    }
    await writes;
    connection.close();
    await program.end();
  }

  it('100 MB, and thousands of small messages, both ways, when Node listens at TCP', async () => {
    await using listener = await Listener({ address: ['127.0.0.1', 0], authkey });
    const where = asText(listener.address);
    const program = runPython(python, clientEcho, where, authkey.toString('hex'));
    await checkLoad(await within('the accept', listener.accept()), program);
  }).timeout(60_000);

  it('and when Python listens at a Unix socket', async () => {
    const where = asText(kinds['a Unix socket']());
    const program = runPython(python, listenerEcho, where, authkey.toString('hex'));
    await checkLoad(await clientOf(program, authkey), program);
  }).timeout(60_000);

  it('a pickled object is told from a value, and its bytes can be had', async () => {
    await using listener = await Listener();
    const script = `
c = Client(address(sys.argv[1]))
c.send({'a': 1})
c.send({'a': 1})
c.recv_bytes()`;
    const program = runPython(python, script, asText(listener.address));
    using connection = await within('the accept', listener.accept());
    await assert.rejects(within('it', connection.recv()), {
      code: 'ERR_MP_FOREIGN_MESSAGE',
      message: /pickle/,
    });
    const bytes = await within('it', connection.recvBytes());
    assert.equal(bytes[0], 0x80);
    await connection.sendBytes(Buffer.from('bye'));
    await program.end();
  });

  it('Python that dies is an EOFError', async () => {
    await using listener = await Listener();
    const script = `
c = Client(address(sys.argv[1]))
c.send_bytes(b'ready')
c.recv_bytes()`;
    const program = runPython(python, script, asText(listener.address));
    using connection = await within('the accept', listener.accept());
    assert.equal((await within('it', connection.recvBytes())).toString(), 'ready');
    const next = assert.rejects(connection.recvBytes(), mp.EOFError);
    program.child.kill('SIGKILL');
    await within('the end', next);
    await program.end();
  });

  // From 3.14 on Python waits for an acknowledgement, which no earlier version sends.
  const passes = python.minor < 14 ? it : it.skip;
  passes('descriptors go both ways', async () => {
    await using listener = await Listener();
    const script = `
c = Client(address(sys.argv[1]))
reading, writing = os.pipe()
os.write(writing, b'from Python')
reduction.send_handle(c, reading, None)
got = reduction.recv_handle(c)
say(os.read(got, 100)[:4])`;
    const program = runPython(python, script, asText(listener.address));
    using connection = await within('the accept', listener.accept());
    const handle = await within('it', connection.recvHandle());
    const bytes = Buffer.alloc(20);
    assert.equal(bytes.toString('utf8', 0, readSync(handle, bytes)), 'from Python');
    closeSync(handle);
    const file = openSync(process.execPath, 'r');
    await connection.sendHandle(file);
    closeSync(file);
    assert.match((await program.end()).stdout, /ELF/);
  });
}

const installed = pythons();
for (const python of installed) {
  describe(`CPython ${python.version}`, () => {
    suite(python);
  });
}
describe('CPython', () => {
  it('is installed, 3.8 or later: the addon is not built without it either', () => {
    assert.notEqual(installed.length, 0);
  });
});
