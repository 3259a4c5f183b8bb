// The words that the processes of a stress share: how the game stands, what each seat does.
//
// A killed process leaves its seat's words as they were. So what it held is known by them:
//
//   PHASE     | MEANING                                     | IT DIED HERE: IT HELD THE OBJECT
//   ----------+---------------------------------------------+----------------------------------
//   outside   | it neither holds the object nor waits       | no
//   entering  | it waits, or has just been given the object | nobody can know
//   inside    | it holds the object                         | yes
//   leaving   | it is about to release, or just has         | nobody can know
export const seats = 8;

export const Phase = { outside: 0, entering: 1, inside: 2, leaving: 3 } as const;

/** What the players are asked for. */
export const Order = { play: 0, pause: 1, stop: 2 } as const;

/** Words of the game, before those of the seats; `own` and the seven after are the object's. */
export const Word = {
  order: 0,
  violations: 1,
  /** A bit for each seat that is inside, as a writer if there are readers. */
  holders: 2,
  readers: 3,
  /** A bit for each seat whose process is being killed. */
  doomed: 4,
  own: 8,
} as const;

/** Words of a seat. */
export const SeatWord = { phase: 0, count: 1, isPaused: 2, longestMs: 3, own: 4 } as const;

const shared = 16;
export const seatWords = 8;
export const boardWords = shared + seats * seatWords;

export const seatWord = (seat: number, word: number): number => shared + seat * seatWords + word;

const bitsOf = (mask: number): number => mask.toString(2).replaceAll('0', '').length;

/** The board as one seat sees it. */
export class Board {
  constructor(
    readonly words: Int32Array,
    readonly seat: number,
  ) {}

  get bit(): number {
    return 1 << this.seat;
  }

  get(word: number): number {
    return Atomics.load(this.words, word);
  }

  set(word: number, value: number): void {
    Atomics.store(this.words, word, value);
  }

  add(word: number, by = 1): void {
    Atomics.add(this.words, word, by);
  }

  mine(word: number): number {
    return this.get(seatWord(this.seat, word));
  }

  setMine(word: number, value: number): void {
    this.set(seatWord(this.seat, word), value);
  }

  phase(phase: number): void {
    this.setMine(SeatWord.phase, phase);
  }

  /** Something that must never be: the game fails by it. */
  violation(): void {
    this.add(Word.violations);
  }

  /**
   * Writes down, in a mask, that this seat is inside; a violation when more than `most` are there
   * with it. What is there of a killed one does not count; whether there is something of one.
   */
  enter(mask: number, most = 1): boolean {
    // Before the mask: while one is doomed its bit may be there.
    const doomed = this.get(Word.doomed);
    const before = Atomics.or(this.words, mask, this.bit);
    if ((before & this.bit) !== 0 || bitsOf(before & ~doomed) >= most) this.violation();
    return (before & doomed) !== 0;
  }

  leave(mask: number): void {
    if ((Atomics.and(this.words, mask, ~this.bit) & this.bit) === 0) this.violation();
  }

  /** Of an object that tells of the dead: their bits are nobody's any more. */
  clearDoomed(mask: number): void {
    Atomics.and(this.words, mask, ~this.get(Word.doomed) | this.bit);
  }

  /** Whether nobody that lives is in a mask. */
  isEmpty(mask: number): boolean {
    const doomed = this.get(Word.doomed);
    return (this.get(mask) & ~doomed) === 0;
  }
}
