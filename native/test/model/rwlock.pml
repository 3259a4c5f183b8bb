/*
 * RWLock (native/sync/rwlock.h): readers count themselves in cells and look at the lock then; writers reserve the lock
 * and look at the cells then. How one waits for the lock itself is lock.pml's affair: here whoever does looks at any
 * time. Sleeping for readers to go (drain) is modelled: compare and sleep are one step; without BOUND no such sleep
 * ends by its bound.
 *
 * READERS threads read and WRITERS write, each ROUNDS times; timeouts come at any moment; DEATHS threads die.
 */
#ifndef READERS
#define READERS 2
#endif
#ifndef WRITERS
#define WRITERS 1
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#define THREADS (READERS + WRITERS)

byte owner;                     /* of the lock */
bool abandoned, torn;
byte cell[READERS + 1];
byte drain;
bool asleep[THREADS + 1];       /* on drain */
byte watched[THREADS + 1];      /* whose death a sleeper watches too */
bool alive[THREADS + 1] = true;
byte deaths;

/* The truth. */
bool reading[READERS + 1];
byte writing;
bool half_changed;

#define Free (owner == 0)
#define OwnerDead (owner != 0 && !alive[owner])

inline WakeDrain() {
  for (w : READERS + 1 .. THREADS) { asleep[w] = false }
}

inline Take(me) { abandoned = OwnerDead; owner = me }

inline GiveBack() {
#ifndef MUTANT_NO_TORN
  if :: abandoned -> torn = true :: else fi;
#endif
  atomic { owner = 0; abandoned = false }
}

inline Nudge() {
  drain++;
  atomic { WakeDrain(); w = 0 }
}

inline StartReading() {
  atomic {
    assert(writing == 0);
    assert(!half_changed || torn || abandoned);
    reading[me] = true
  }
}

proctype reader(byte me) {
  byte rounds, w;
  {
    rounds = ROUNDS;
    do
    :: rounds == 0 -> break
    :: else ->
      rounds--;
again:
#ifdef MUTANT_LOOK_FIRST
      if
      :: Free -> cell[me]++; StartReading(); goto inside
      :: else
      fi;
#else
      cell[me]++;
      if
      :: Free -> StartReading(); goto inside
      :: else
      fi;
      cell[me]--;
#ifndef MUTANT_NO_NUDGE
      Nudge();
#endif
#endif
      if
      :: Free -> goto again
      :: atomic { Free || OwnerDead -> Take(me) };             /* Lock::Attempt */
         cell[me]++;
         GiveBack();
         StartReading()
      :: goto over                                              /* timeout */
      fi;
inside:
      if                                                        /* once more, whoever waits */
      :: cell[me]++; assert(writing == 0); cell[me]--
      :: skip
      fi;
      atomic { reading[me] = false };
      cell[me]--;
      if :: !Free -> Nudge() :: else fi
    od;
over:
    skip
  } unless { !alive[me] }
}

/* Drain: found is a reader that lives; the dead are taken back. */
inline Scan() {
  found = 0; i = 1;
  do
  :: i > READERS -> break
  :: atomic {
       i <= READERS ->
       if
       :: cell[i] != 0 && alive[i] -> found = i; i = READERS + 1
       :: cell[i] != 0 && !alive[i] -> cell[i] = 0; i++
       :: else -> i++
       fi
     }
  od
}

proctype writer(byte me) {
  byte rounds, seen, found, i, w;
  {
    rounds = ROUNDS;
    do
    :: rounds == 0 -> break
    :: else ->
      rounds--;
#ifdef MUTANT_SCAN_FIRST
      Scan();
      if :: found != 0 -> goto over :: else fi;
      atomic { Free || OwnerDead -> Take(me) };
#else
      if
      :: atomic { Free || OwnerDead -> Take(me) }
      :: goto over                                              /* timeout */
      fi;
      do
#ifdef MUTANT_DRAIN_LATE
      :: Scan(); seen = drain;
#else
      :: seen = drain; Scan();
#endif
         if
         :: found == 0 -> break
         :: else
         fi;
         if
         :: atomic { drain == seen && alive[found] -> asleep[me] = true; watched[me] = found }
         :: else
         fi;
         if
         :: !asleep[me]
#ifdef BOUND
         :: atomic { asleep[me] && deaths > 0 -> asleep[me] = false }
#endif
#ifdef TIMEOUTS
         :: atomic { asleep[me] -> asleep[me] = false }; GiveBack(); goto over
#endif
         fi
      od;
#endif
      atomic {
        assert(writing == 0);
        assert(!reading[1] || !alive[1]);
#if READERS > 1
        assert(!reading[2] || !alive[2]);
#endif
        assert(!half_changed || torn || abandoned);
        writing = me
      };
      writing = 0;
      atomic { torn = false; half_changed = false };
      atomic { owner = 0; abandoned = false }
    od;
over:
    skip
  } unless { !alive[me] }
}

#if DEATHS
inline Kill(p) {
  alive[p] = false; deaths++; asleep[p] = false;
  if :: writing == p -> writing = 0; half_changed = true :: else fi;
  for (w : READERS + 1 .. THREADS) { if :: watched[w] == p -> asleep[w] = false :: else fi };
  w = 0
}
proctype killer() {
  byte w;
end_kill:
  do
  :: atomic { deaths < DEATHS && alive[1] -> Kill(1) }
  :: atomic { deaths < DEATHS && alive[2] -> Kill(2) }
  :: atomic { deaths < DEATHS && alive[3] -> Kill(3) }
  :: break
  od
}
#endif

init {
  byte p;
  atomic {
    for (p : 1 .. READERS) { run reader(p) };
    for (p : READERS + 1 .. THREADS) { run writer(p) };
    p = 0;
#if DEATHS
    run killer();
#endif
  }
}
