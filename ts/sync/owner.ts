// Who owns a lock, in the words of `console.log`.
import { openMemory } from '../memory/memory.js';
import { selfAt } from '../memory/self.js';
import { native, type ObjectKind } from '../native/binding.js';

const { idMask } = native.constants;

/** `owner: …, ` of a Lock or RLock that somebody holds; of a free one nothing. */
export function ownerText(address: number, kind: ObjectKind): string {
  const pid = native.lockOwner(address, kind);
  if (pid === 0) return '';
  return `owner: '${nameOf(address, pid)}', `;
}

function nameOf(address: number, pid: number): string {
  if (pid < 0) return 'one that has ended';
  const isMine = (openMemory().paths.load(address) & idMask) === selfAt(address).id;
  if (isMine) return 'this thread';
  return pid === process.pid ? 'another thread' : `process ${String(pid)}`;
}
