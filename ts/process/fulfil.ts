// A child's work: it runs its target, and leaves for its parent what came of it.
import { depositsOf } from '../channel/deposits.js';
import { getLogger } from '../logging/log.js';
import { native } from '../native/binding.js';
import type { Process } from './process.js';
import { encodeReport, textOf } from './report.js';
import type { Report } from './task.js';

/** Whose work it is, and for whom. */
export interface Errand {
  readonly name: string;
  /** Id of the parent's thread in shared memory. */
  readonly holder: number;
}

/** Runs the process that `take` gives; an error ends this process. */
export async function fulfil(
  errand: Errand,
  take: () => Process | Promise<Process>,
): Promise<void> {
  const isReported = reportUncaught(errand);
  try {
    const self = await take();
    logLife();
    const value = await self.run();
    isReported.leave({ value });
  } catch (error) {
    isReported.leave({ error });
    process.stderr.write(`Process ${errand.name}:\n${textOf(error)}\n`);
    process.exit(1);
  }
}

/** Its end too, whatever brings it but a signal. */
function logLife(): void {
  getLogger().info('child process calling run()');
  process.on('exit', (code) => {
    getLogger().info(`process exiting with exit code ${String(code)}`);
  });
}

/** The report is left once: what comes first counts. */
function reportUncaught({ name, holder }: Errand): { leave(report: Report): void } {
  let isLeft = false;
  const leave = (report: Report): void => {
    if (isLeft) return;
    isLeft = true;
    // Descriptors in it go to the parent at once: this process may end before that looks.
    const { result, tickets } = depositsOf(() => encodeReport(report, holder));
    native.leaveResult(result, tickets);
  };
  // Only listens: Node prints the error and ends the process as it does without this.
  process.on('uncaughtExceptionMonitor', (error) => {
    process.stderr.write(`Process ${name}:\n`);
    leave({ error });
  });
  return { leave };
}
