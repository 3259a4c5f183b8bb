/*
 * The robust semaphore (native/sync/robust_semaphore.h): units are words that say whose they are; who sleeps writes the
 * state and looks at the units then, who releases writes its unit and looks at the state then.
 *
 * UNITS units, THREADS threads that acquire one, ROUNDS times each (the third ROUNDS_3); DEATHS of them die, at any step. With TIMEOUTS a
 * wait of thread 1 may end at any moment. Compare and sleep are one step. The kernel tells one of those who sleep on a death.
 * With PATIENT nobody starves. A sleep beside a unit that is kept for another may end at any moment with BOUND_SHORT (2 ms), each sleep when nothing
 * else can move with BOUND_IDLE (50 ms); without them none ends by its bound.
 */
#ifndef UNITS
#define UNITS 1
#endif
#ifndef THREADS
#define THREADS 3
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef ROUNDS_3
#define ROUNDS_3 ROUNDS
#endif
#ifndef DEATHS
#define DEATHS 0
#endif

byte unit[UNITS];
bool waiters;
byte wakes, request;
bool asleep[THREADS + 1];
byte watched[THREADS + 1];      /* whose death a sleeper watches too */
bool beside[THREADS + 1];       /* it sleeps beside a unit that is kept for another */
bool alive[THREADS + 1] = true;
byte deaths;

/* The truth. */
bool inside[THREADS + 1];
bool settled[THREADS + 1];       /* inside, and its wakes are done */

#define Kept (request != 0 && request != me && alive[request])

/* One look, unit after unit: `found` is one that can be had, `owner` whose it was, `holder` another living thread. */
inline Look() {
  found = UNITS; owner = 0; holder = 0; k = 0;
  do
  :: k >= UNITS -> break
  :: atomic {
       k < UNITS ->
       if
       :: unit[k] == 0 || !alive[unit[k]] -> found = k; owner = unit[k]; k = UNITS
       :: else -> holder = unit[k]; k++
       fi
     }
  od
}

inline WakeOne() {
  if
  :: atomic { asleep[1] -> asleep[1] = false }
  :: atomic { asleep[2] -> asleep[2] = false }
#if THREADS > 2
  :: atomic { asleep[3] -> asleep[3] = false }
#endif
  :: atomic { else -> skip }
  fi
}
inline WakeAll() {
  atomic {
    asleep[1] = false; asleep[2] = false;
#if THREADS > 2
    asleep[3] = false
#endif
  }
}

/* Spreads the news to all who watch that death. */
inline Spread(dead) {
  atomic {
    if :: asleep[1] && watched[1] == dead -> asleep[1] = false :: else fi;
    if :: asleep[2] && watched[2] == dead -> asleep[2] = false :: else fi;
#if THREADS > 2
    if :: asleep[3] && watched[3] == dead -> asleep[3] = false :: else fi
#endif
  }
}

inline Notify() {
  if
  :: atomic { waiters -> waiters = false; wakes++; all = request != 0 };
#ifndef MUTANT_NO_WAKE
     if :: all -> WakeAll() :: else -> WakeOne() fi
#endif
  :: else
  fi
}

inline TellNext() {
  Look();
  if :: found < UNITS -> Notify() :: else -> WakeOne() fi
}

inline Settle() {
  atomic {
    others = slept;
    if
    :: request != 0 && (request == me || request == passed) -> request = 0; others = true
    :: else
    fi;
#ifndef MUTANT_FORGET_WAITERS
    if :: others -> waiters = true :: else fi
#endif
  };
  if
  :: others ->
#ifndef MUTANT_NO_CHAIN
     TellNext()
#else
     skip
#endif
  :: else
  fi
}

inline Withdraw() {
  atomic {
#ifndef MUTANT_KEEP_REQUEST
    if :: request == me -> request = 0 :: else fi;
#endif
#ifndef MUTANT_SILENT_WITHDRAW
    waiters = true
#endif
  };
#ifndef MUTANT_SILENT_WITHDRAW
  TellNext()
#endif
}

proctype thread(byte me) {
  byte rounds, k, found, owner, holder, seen, passed, mine;
  bool slept, all, others, expired;
  {
    rounds = (me == 3 -> ROUNDS_3 : ROUNDS);
    do
    :: rounds == 0 -> break
    :: else ->
      rounds--; slept = false;
again:
      Look();                                                   /* Attempt */
      if
      :: found < UNITS ->
         atomic {
           passed = request;
           expired = false;
           if
           :: Kept
#ifdef BOUND_SHORT
           :: Kept -> expired = true
#endif
           :: !Kept -> expired = true
           fi
         };
         if
         :: !expired -> goto prepare
         :: else
         fi;
         if :: owner != 0 -> Spread(owner) :: else fi;
         if
         :: atomic { unit[found] == owner -> unit[found] = me; mine = found; inside[me] = true }
         :: else -> goto again
         fi;
         Settle();
         goto held
      :: else
      fi;
prepare:
#ifdef TIMEOUTS
      if
      :: me == 1 -> Withdraw(); goto over
      :: skip
      fi;
#endif
#ifdef MUTANT_LOOK_FIRST
      Look();
#endif
      atomic {                                                  /* PrepareSleep */
        waiters = true; seen = wakes; passed = request;
        if
        :: request == 0 || (request != me && !alive[request]) ->
#ifdef PATIENT
           skip
#else
           if :: request = me; passed = me :: skip fi
#endif
        :: else
        fi
      };
#ifndef MUTANT_LOOK_FIRST
      Look();
#endif
      if
      :: found < UNITS && !(passed != 0 && passed != me && alive[passed]) -> goto again
      :: else
      fi;
      if
      :: atomic { waiters && wakes == seen && (holder == 0 || alive[holder] || found < UNITS) ->
           asleep[me] = true; watched[me] = (found < UNITS -> 0 : holder); beside[me] = found < UNITS }
#ifdef MUTANT_NO_COMPARE
      :: else -> asleep[me] = true; watched[me] = holder
#else
      :: else -> goto again
#endif
      fi;
      if
      :: !asleep[me]
#ifdef BOUND_SHORT
      :: atomic { asleep[me] && beside[me] -> asleep[me] = false }
#endif
#ifdef BOUND_IDLE
      :: atomic { timeout && asleep[me] -> asleep[me] = false }
#endif
#ifdef TIMEOUTS
      :: atomic { me == 1 && asleep[me] -> asleep[me] = false }; Withdraw(); goto over
#endif
      fi;
      if :: atomic { watched[me] != 0 && !alive[watched[me]] -> k = watched[me] }; Spread(k) :: else fi;
      slept = true;
      goto again;
held:
progress:
      atomic {
        assert(unit[mine] == me && request != me);
#if THREADS > 2
        assert(inside[1] + inside[2] + inside[3] <= UNITS);
#else
        assert(inside[1] + inside[2] <= UNITS);
#endif
        settled[me] = true
      };
      atomic { inside[me] = false; settled[me] = false };
#ifdef MUTANT_CHECK_FIRST
      all = waiters;
      unit[mine] = 0;
      if :: all -> Notify() :: else fi
#else
      unit[mine] = 0;
      Notify()
#endif
    od;
over:
    assert(request != me)
  } unless { !alive[me] }
}

#if DEATHS
inline Kill(p) {
  alive[p] = false; deaths++; asleep[p] = false; inside[p] = false;
  if
  :: asleep[1] && watched[1] == p -> asleep[1] = false
  :: asleep[2] && watched[2] == p -> asleep[2] = false
#if THREADS > 2
  :: asleep[3] && watched[3] == p -> asleep[3] = false
#endif
  :: else
  fi
}
#ifdef DEATH_OF_HOLDERS
#define MayDie(p) (alive[p] && settled[p])
#else
#define MayDie(p) alive[p]
#endif
proctype killer() {
end_kill:
  do
  :: atomic { deaths < DEATHS && MayDie(1) -> Kill(1) }
  :: atomic { deaths < DEATHS && MayDie(2) -> Kill(2) }
#if THREADS > 2
  :: atomic { deaths < DEATHS && MayDie(3) -> Kill(3) }
#endif
  :: break
  od
}
#endif

init {
  byte p;
  atomic {
    for (p : 1 .. THREADS) { run thread(p) };
    p = 0;
#if DEATHS
    run killer();
#endif
  }
}
