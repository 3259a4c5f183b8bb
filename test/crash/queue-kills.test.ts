// Four processes that put and four that get numbered messages, half of them blocking and half
// awaiting; a random one is killed every 50 ms and replaced. Then every message is accounted for.
//
// MP_QUEUE_MESSAGES sets their number, MP_KILL_EVERY_MS the time between two kills, MP_SEED repeats
// a run's choices.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

import { report } from '../helpers/figures';
import { randomFrom, runSeed } from '../helpers/random';
import { within } from '../helpers/watchdog';
import * as targets from './queue-targets';
import { Control, controlWords, seats } from './queue-targets';

const messages = Number(process.env.MP_QUEUE_MESSAGES ?? 60_000);
const killEveryMs = Number(process.env.MP_KILL_EVERY_MS ?? 50);
const hangLimitMs = 20_000;

/** The producers' and the consumers' seats, each with one living process. */
class QueueGame {
  readonly seed = runSeed();
  readonly game: targets.Game;
  readonly kills = { producers: 0, consumers: 0 };
  /** For each producer's seat, the numbers that a victim had begun to put. */
  readonly uncertain = Array.from({ length: seats }, () => new Set<number>());
  readonly #random = randomFrom(this.seed);
  readonly #parties: mp.Process[] = [];

  constructor() {
    const perSeat = messages + 10_000;
    this.game = {
      queue: new mp.Queue(targets.queueRoom),
      control: new mp.Array('i', controlWords, { lock: false }),
      seen: new mp.Array('B', seats * perSeat, { lock: false }),
      perSeat,
    };
  }

  get consumed(): number {
    return Atomics.load(this.game.control, Control.consumed);
  }

  async open(): Promise<void> {
    for (let seat = 0; seat < 2 * seats; seat++) await this.#fill(seat);
  }

  /** Kills and replaces until so many messages were consumed. */
  async play(): Promise<void> {
    let [before, since] = [-1, performance.now()];
    while (this.consumed < messages) {
      await sleep(killEveryMs);
      await this.#replace(Math.floor(this.#random() * 2 * seats));
      if (this.consumed === before) {
        assert.ok(performance.now() - since < hangLimitMs, `${this.#state()}: hangs`);
      } else {
        [before, since] = [this.consumed, performance.now()];
      }
    }
  }

  /** Lets the producers end, then the consumers, once they have got everything. */
  async close(): Promise<void> {
    Atomics.store(this.game.control, Control.stop, 1);
    for (const producer of this.#parties.slice(0, seats)) await this.#end(producer);
    this.game.queue.shutdown();
    for (const consumer of this.#parties.slice(seats)) await this.#end(consumer);
    assert.equal(this.game.queue.qsize(), 0, this.#state());
  }

  /** How many acknowledged messages nobody has, and how many came although they were not. */
  account(): { lost: number; unacknowledged: number; total: number } {
    const { control, seen, perSeat } = this.game;
    let [lost, unacknowledged, total] = [0, 0, 0];
    for (let seat = 0; seat < seats; seat++) {
      const began = control[Control.began + seat]!;
      total += began;
      for (let number = 0; number < perSeat; number++) {
        const times = seen[seat * perSeat + number]!;
        const name = `${this.#state()}: message ${String(number)} of seat ${String(seat)}`;
        assert.ok(times <= 1, `${name} came ${String(times)} times`);
        if (number >= began) assert.equal(times, 0, `${name} was never put`);
        else if (this.uncertain[seat]!.has(number)) unacknowledged += times;
        else lost += 1 - times;
      }
    }
    return { lost, unacknowledged, total };
  }

  async #fill(place: number): Promise<void> {
    const [seat, awaits] = [place % seats, place % 2 === 1];
    const { game } = this;
    const party =
      place < seats
        ? new mp.Process({ target: targets.produce, args: [game, seat, awaits], daemon: true })
        : new mp.Process({ target: targets.consume, args: [game, awaits], daemon: true });
    await party.start();
    this.#parties[place] = party;
  }

  async #replace(place: number): Promise<void> {
    const victim = this.#parties[place]!;
    assert.equal(victim.exitCode, null, `${this.#state()}: a party ended by itself`);
    victim.kill();
    await within('the victim to end', victim.join());
    assert.equal(victim.exitCode, -9, this.#state());
    victim.close();
    if (place < seats) {
      this.kills.producers++;
      const { control } = this.game;
      const began = control[Control.began + place]!;
      if (control[Control.acknowledged + place] !== began) this.uncertain[place]!.add(began - 1);
    } else {
      this.kills.consumers++;
    }
    await this.#fill(place);
  }

  async #end(party: mp.Process): Promise<void> {
    await within(`${this.#state()}: the end of a party`, party.result(), hangLimitMs);
    await within('the end of a party', party.join());
  }

  #state(): string {
    return `seed ${String(this.seed)}, ${String(this.consumed)} consumed, kills ${JSON.stringify(this.kills)}`;
  }
}

describe('a queue whose users are killed', () => {
  it(`${String(messages)} messages: none is lost or doubled but what a killed consumer had in hand`, async function () {
    this.timeout(60_000 + messages);
    const game = new QueueGame();
    await game.open();
    await game.play();
    await game.close();
    const { lost, unacknowledged, total } = game.account();
    const { producers, consumers } = game.kills;
    report(
      `${String(total)} messages, ${String(producers)} producers and ${String(consumers)} consumers killed: ` +
        `${String(lost)} in their hands, ${String(unacknowledged)} put and not acknowledged`,
    );
    assert.ok(lost <= consumers, `seed ${String(game.seed)}: ${String(lost)} messages are lost`);
    assert.ok(producers + consumers > 0);
  });
});
