/*
 * semaphore.pml: the Semaphore state word, checked with SPIN. See README.md; run.sh runs every check.
 *
 * The 64-bit state word is `count` (low half) and `high` (the futex word). A load that is followed by a successful
 * CAS is one atomic step. The CAS and the wake that follows it are two steps, and so are "set WAITERS" and
 * "sleep": there a party can be overtaken or die.
 *
 *   high:  WAITERS | box (EMPTY, REQUESTED, GRANTED) | id of the box
 *
 * Build switches (all set by run.sh)
 *   SYNC=n        threads that acquire and release       ASYNC=0|1   one process with event loop and wait hub
 *   ROUNDS=n      acquires per party                     DEATHS=n    how many parties may be killed
 *   ROUNDS_1=n    acquires of party 1, if other
 *   UNITS=n       initial count                          PRODUCED=n  units that a further party releases, one by
 *                                                                    one or at once
 *   CONSUME       units are not given back, as when a semaphore counts items
 *   PLAIN         the plain back end: fast paths change the count alone, then look at `high`
 *   DEATH_SPARES_HOLDERS  kill only who holds no unit, so that none is lost and all waiters must end
 *   BOUND_ANY     a bounded sleep may end at any time (for safety)
 *   BOUND_IDLE    a bounded sleep ends only when nothing else can move (for progress)
 *                 (neither: no sleep ends by its bound)
 *   PATIENT       no timeout and no abort
 *   JS_BLOCKS     the event loop may block for ever while it awaits
 *   MUTANT_x      one rule broken; the checker must find it
 */

#ifndef SYNC
#define SYNC 2
#endif
#ifndef ASYNC
#define ASYNC 1
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef ROUNDS_1
#define ROUNDS_1 ROUNDS
#endif
#define rounds_of(p) ((p) == 1 -> ROUNDS_1 : ROUNDS)
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef UNITS
#define UNITS 1
#endif
#ifndef PRODUCED
#define PRODUCED 0
#endif

#define PARTIES   (SYNC + ASYNC)
#define ASYNC_ID  (SYNC + 1)        /* id of the JS thread; its hub acts under the same id */
#define PRODUCER  (PARTIES + 1)

#define ID        7
#define REQUESTED 8
#define GRANTED   16
#define BOX       24
#define WAITERS   32
#define boxed     (high & ID)       /* whose the box is */
#define my_grant  ((high & GRANTED) && boxed == me)
#define foreign_grant ((high & GRANTED) && boxed != me)

byte count = UNITS;
byte high  = 0;

bool alive[PARTIES + 2]  = true;
bool asleep[PARTIES + 2] = false;   /* in the kernel's queue of `high` */
byte deaths = 0;

/* The entry of the async wait in its process's hub, as in lock.pml. */
#define IDLE    0
#define ARMED   1
#define POSTED  2
#define PARKED  3
#define REMOVED 4
byte entry = IDLE;
bool entry_owes   = false;
bool entry_revoke = false;

/* What the properties need; no party reads these. */
byte out  = 0;                      /* units that living parties believe to hold */
byte lost = 0;                      /* units whose holder was killed: not robust, as in CPython */
byte made = UNITS;                  /* initial count and what the producer has released */
bool holds[PARTIES + 2] = false;

/* Checked after every change of the word. */
inline CheckWord() {
  assert(count + out + lost + ((high & GRANTED) -> 1 : 0) == made);         /* no unit lost, none doubled */
  assert(((high & BOX) == 0) == (boxed == 0) && (high & BOX) != BOX);
#if !defined(PLAIN) && !defined(MUTANT_WAITERS_WITH_UNITS)
  assert(!((high & WAITERS) && count > 0))                        /* nobody can fall asleep beside a free unit */
#endif
}

/* Every way to acquire ends here, after the CAS. */
inline Acquired() {
  assert(!holds[me]);
  holds[me] = true; out++; got = true;
  CheckWord()
}

/*
 * The WAITERS bit of every CAS by which somebody acquires who has ever slept: the consumed wake is shown in the word
 * again. While units are left it is not: then the acquirer wakes the next one, which sets it if it must sleep.
 */
#if defined(MUTANT_FORGET_WAITERS)
#define restore_waiters high = high
#elif defined(MUTANT_WAITERS_WITH_UNITS)
#define restore_waiters high = high | (slept -> WAITERS : 0)
#else
#define restore_waiters high = high | ((slept && count == 0) -> WAITERS : 0)
#endif
inline TakeUnit() {
  count--;
  if :: high == (high & WAITERS) + (REQUESTED | me) -> high = high & WAITERS :: else fi;
  restore_waiters;
  owes = slept && count > 0;          /* wakes are chained */
  Acquired()
}

/* Accept my grant, or take over one whose owner is dead or has let 2 ms pass. */
inline TakeBox() {
  high = high & WAITERS;
  restore_waiters;
  owes = slept && count > 0;
  Acquired()
}

/* Wake(high, 1): any sleeper. */
inline WakeOne() {
  if
  :: asleep[1] -> asleep[1] = false
  :: asleep[2] -> asleep[2] = false
#if SYNC + ASYNC > 2
  :: asleep[3] -> asleep[3] = false
#endif
  :: else
  fi
}

inline WakeAll() {
  asleep[1] = false; asleep[2] = false;
#if SYNC + ASYNC > 2
  asleep[3] = false
#endif
}

#define WAKE_ALL 9
/* The CAS of RELEASE slow for n units; also of an aborted wait and of the hub, which give a grant back. */
inline PutUnits(n) {
  count = count + n;
  if
  :: (high & REQUESTED) && alive[boxed] -> count--; high = GRANTED | boxed; wake = WAKE_ALL
  :: (high & REQUESTED) && !alive[boxed] -> wake = ((high & WAITERS) -> n : 0); high = 0
  :: else -> wake = ((high & WAITERS) -> n : 0); high = high & ~WAITERS
  fi
}

/* SYNC POINT: the wake after the store. The party can die before it. */
inline WakeAfterStore() {
  atomic {
    if
    :: wake == WAKE_ALL -> WakeAll()
    :: wake == 1 -> WakeOne()
    :: wake == 2 -> WakeOne(); WakeOne()
    :: else
    fi;
    wake = 0
  }
}

/* A grant that is not accepted: abort, or 2 ms in a blocked event loop. */
inline GiveGrantBack() {
  high = high & WAITERS;
#ifndef MUTANT_REVOKE_LOSES_UNIT
  PutUnits(1);
#endif
  CheckWord()
}

/* set WAITERS, and from 1 ms of waiting (any time here) ask for the box, in one CAS64. */
inline SetWaiters() {
  high = high | WAITERS;
  if
  :: (high & BOX) == 0 || ((high & REQUESTED) && !alive[boxed]) -> high = WAITERS | REQUESTED | me
  :: true
  fi;
  owes = false;                       /* the next release sees WAITERS: the consumed wake is restored */
  sampled = high;
  CheckWord()
}

/* A waiter that leaves without a unit and has consumed a wake gives it to another one, whatever the word says. */
inline PassOn() {
#if defined(MUTANT_NO_PASS_ON)
  owes = false
#elif defined(MUTANT_PASS_ON_IF_FREE)
  atomic { if :: owes && count > 0 -> WakeOne() :: else fi; owes = false }
#else
  atomic { if :: owes -> WakeOne() :: else fi; owes = false }
#endif
}

/* The acquirer's chained wake. The party can die before it. */
inline ChainWake() {
#ifndef MUTANT_NO_CHAIN
  atomic { if :: owes -> WakeOne() :: else fi; owes = false }
#else
  owes = false
#endif
}

/* release(): the unit leaves the holder with the CAS. */
inline Release() {
  assert(holds[me]);
  holds[me] = false; out--; got = false;
#if defined(CONSUME)
  made--
#elif defined(PLAIN)
  count++;                                                         /* CAS32 on the count alone */
  CheckWord();
  if :: high != 0 -> wake = 1 :: else fi                           /* seen by the load that follows: Notify */
#else
  if
  :: high == 0 -> count++                                          /* fast: no WAITERS, box empty */
  :: else -> PutUnits(1)
  fi;
  CheckWord()
#endif
}

#ifdef PLAIN
/* The slow half of the plain back end's release: the unit is in the count already, and may be gone again. */
inline Notify() {
  atomic {
    if
    :: wake && count > 0 -> count--; PutUnits(1); CheckWord()
    :: else -> wake = 0
    fi
  }
}
#endif

inline BoundOver() {
  asleep[me] = false; bound_over = true
}
#if defined(BOUND_ANY)
#define bound_ends true
#elif defined(BOUND_IDLE)
#define bound_ends timeout
#else
#define bound_ends false
#endif

/* acquireSync(): with or without a timeout, chosen anew each time; then release(). */
proctype sync_thread(byte me) {
  byte sampled, round, wake;
  bool got, slept, owes, has_timeout, bound_over;
  {
    round = 0;
next_round:
    atomic {
      if
      :: round == rounds_of(me) -> goto done
#ifndef PATIENT
      :: round < rounds_of(me) -> round++; has_timeout = true
#endif
      :: round < rounds_of(me) -> round++
      fi
    };
    atomic { if :: count > 0 -> TakeUnit(); goto critical :: else fi };    /* fast */

again:
    atomic {
      if
      :: has_timeout -> goto give_up                               /* the deadline may pass at any time */
      :: my_grant -> TakeBox()
      :: !my_grant && count > 0 -> TakeUnit()
      :: count == 0 && foreign_grant -> TakeBox()                  /* its owner is dead, or after 2 ms */
      :: count == 0 && !my_grant && !(foreign_grant && (!alive[boxed] || (bound_over && sampled == high))) ->
        SetWaiters()
      fi;
      bound_over = false;
      if :: got -> sampled = 0; goto chain :: else fi
    };
    atomic {                                                       /* futex: compare and sleep */
      if
      :: high == sampled -> asleep[me] = true; slept = true
      :: else -> sampled = 0; goto again                           /* EAGAIN */
      fi
    };
    if
    :: atomic { !asleep[me] -> owes = true; sampled = 0; goto again }      /* a wake */
    :: atomic { asleep[me] && has_timeout -> asleep[me] = false; sampled = 0; goto give_up }
    :: atomic { bound_ends && asleep[me] -> BoundOver(); goto again }
    fi;

give_up:
    atomic {                                                       /* timed out: accept a grant, or withdraw */
      bound_over = false; sampled = 0;
      if
      :: my_grant -> TakeBox()
#ifndef MUTANT_KEEP_REQUEST
      :: (high & REQUESTED) && boxed == me -> high = high & WAITERS; CheckWord()
#endif
      :: else
      fi;
      if :: got -> goto chain :: !got && !owes -> goto finished :: else fi
    };
    PassOn();
    goto finished;

chain:
    atomic { if :: owes -> skip :: else -> goto critical fi };
    ChainWake();

critical:
    atomic {
      bound_over = false; owes = false;
      Release();
      if :: wake == 0 -> goto finished :: else fi
    };
#ifdef PLAIN
    Notify();
#endif
    WakeAfterStore();

finished:
    atomic {
      assert(boxed != me);                                         /* no trace of a wait that is over */
      slept = false; has_timeout = false;
      goto next_round
    }
  } unless { !alive[me] };
done:
  skip
}

#if ASYNC
/* acquire() in JS; its steps interleave freely, so the event loop may be busy for any time between two of them. */
proctype event_loop(byte me) {
  byte round, wake;
  bool got, slept, owes, abortable, revoke;
  {
    round = 0;
next_round:
    atomic {
      entry == IDLE;                                               /* a real wait has an entry of its own */
      if
      :: round == rounds_of(me) -> goto done
#ifndef PATIENT
      :: round < rounds_of(me) -> round++; abortable = true
#endif
      :: round < rounds_of(me) -> round++
      fi
    };
    atomic { if :: count > 0 -> TakeUnit(); goto critical :: else fi };    /* fast */

try:
    atomic {                                                       /* the same rules, but no sleep */
      if
      :: my_grant -> TakeBox()
      :: !my_grant && count > 0 -> TakeUnit()
      :: count == 0 && foreign_grant && (revoke || !alive[boxed]) -> TakeBox()
      :: else -> entry = ARMED; entry_owes = owes; owes = false    /* the hub sets WAITERS again */
      fi;
      revoke = false;
      if :: got -> goto chain :: else fi
    };
    if
    :: atomic {                                                    /* the posted call runs */
        entry == POSTED || entry == PARKED ->
        owes = entry_owes; entry_owes = false; slept = true;
        revoke = entry_revoke; entry_revoke = false; entry = IDLE;
        goto try
      }
    :: atomic {                                                    /* abort, or the timer of the timeout */
        abortable ->
        entry_revoke = false;
        if
        :: entry == ARMED -> entry = REMOVED; asleep[me] = false; slept = true   /* kick: the control word */
        :: else -> owes = entry_owes; entry_owes = false; entry = IDLE; slept = true
        fi
      }
#ifdef JS_BLOCKS
    :: goto end_blocked
#endif
    fi;

    atomic {                                                       /* withdraw; a grant is accepted or given back */
      if
      :: my_grant -> TakeBox(); goto chain                         /* timeout */
      :: my_grant -> GiveGrantBack()                               /* abort */
#ifdef MUTANT_ABORT_KEEPS_GRANT
      :: my_grant -> skip
#endif
      :: (high & REQUESTED) && boxed == me -> high = high & WAITERS; CheckWord()
      :: else
      fi;
      if :: !owes && wake == 0 -> goto finished :: else fi
    };
    WakeAfterStore();
    PassOn();
    goto finished;

chain:
    atomic { if :: owes -> skip :: else -> goto critical fi };
    ChainWake();

critical:
    atomic {
      owes = false;
      Release();
      if :: wake == 0 -> goto finished :: else fi
    };
#ifdef PLAIN
    Notify();
#endif
    atomic {
      if
      :: wake == WAKE_ALL -> WakeAll()
      :: wake == 1 -> WakeOne()
      :: else
      fi;
      wake = 0
    };

finished:
    atomic {
      assert(boxed != me);
      slept = false; abortable = false; revoke = false;
      goto next_round
    };
#ifdef JS_BLOCKS
end_blocked:
    false
#endif
  } unless { !alive[me] };
done:
  skip
}

/* The wait hub of the same process: evaluates and posts, never acquires. */
proctype wait_hub(byte me) {
  byte sampled, wake;
  bool owes, bound_over;
  {
    owes = false;
end_idle:
    do
    :: atomic {
        entry == ARMED ->
        owes = owes || entry_owes; entry_owes = false;
        if
        :: my_grant || count > 0 || (foreign_grant && !alive[boxed]) ->    /* "try again" */
          entry = POSTED; entry_owes = owes; owes = false; bound_over = false; sampled = 0
        :: foreign_grant && count == 0 && alive[boxed] ->          /* unaccepted for 2 ms */
          entry = POSTED; entry_owes = owes; owes = false; entry_revoke = true; bound_over = false; sampled = 0
        :: count == 0 && !my_grant && !(foreign_grant && (!alive[boxed] || (bound_over && sampled == high))) ->
          bound_over = false;
          SetWaiters();
          goto sleep
        fi
      }
    :: atomic {                                                    /* futex_waitv names one woken word only: */
        entry == REMOVED -> owes = true; entry = IDLE              /* whether this one was is not known */
      };
      PassOn()
#ifndef MUTANT_NO_EXPIRY
    :: atomic {
        entry == POSTED ->                                         /* no try within 2 ms (at any time here) */
        entry = PARKED; owes = entry_owes; entry_owes = false;
        if
        :: my_grant -> GiveGrantBack()
        :: (high & REQUESTED) && boxed == me -> high = high & WAITERS; CheckWord()
        :: else
        fi;
        if :: !owes && wake == 0 -> goto end_idle :: else fi
      };
      WakeAfterStore();
      PassOn()
#endif
    od;
sleep:
    atomic {                                                       /* futex_waitv on control word and `high` */
      if
      :: high == sampled && entry == ARMED -> asleep[me] = true
      :: else -> sampled = 0; goto end_idle
      fi
    };
    if
    :: atomic { !asleep[me] -> owes = true; sampled = 0; goto end_idle }
    :: atomic { bound_ends && asleep[me] -> BoundOver(); goto end_idle }
    fi
  } unless { !alive[me] }
}
#endif

#if PRODUCED
/* Anyone may release: units from a party that never acquires, one by one or release(2). */
proctype producer(byte me) {
  byte wake, produced;
  {
    produced = 0;
next_unit:
    atomic {
      if
      :: produced == PRODUCED -> goto done
      :: produced < PRODUCED ->
        produced++; made++;
#ifdef PLAIN
        count++;
        if :: high != 0 -> wake = 1 :: else fi
#else
        if :: high == 0 -> count++ :: else -> PutUnits(1) fi
#endif
      :: produced + 2 <= PRODUCED ->
        produced = produced + 2; made = made + 2;
#ifdef PLAIN
        count = count + 2;
        if :: high != 0 -> wake = 2 :: else fi
#else
        if :: high == 0 -> count = count + 2 :: else -> PutUnits(2) fi
#endif
      fi;
      CheckWord();
      if :: wake == 0 -> goto next_unit :: else fi
    };
#ifdef PLAIN
    atomic {
      if
      :: wake == 2 && count > 1 -> count = count - 2; PutUnits(2)
      :: wake && !(wake == 2 && count > 1) && count > 0 -> count--; PutUnits(1)
      :: else -> wake = 0
      fi;
      CheckWord()
    };
#endif
    WakeAfterStore();
    goto next_unit
  } unless { !alive[me] };
done:
  skip
}
#endif

#if DEATHS
/* SIGKILL of any party at any step. */
inline Kill(p) {
  alive[p] = false; asleep[p] = false; deaths++;
  if
  :: holds[p] -> holds[p] = false; out--; lost++
  :: else
  fi
}

#ifdef DEATH_SPARES_HOLDERS
#define may_die(p) (alive[p] && !holds[p])
#else
#define may_die(p) (alive[p])
#endif

proctype killer() {
end_kill:
  do
  :: atomic { deaths < DEATHS && may_die(1) -> Kill(1) }
  :: atomic { deaths < DEATHS && may_die(2) -> Kill(2) }
#if SYNC + ASYNC > 2
  :: atomic { deaths < DEATHS && may_die(3) -> Kill(3) }
#endif
#if PRODUCED
  :: atomic { deaths < DEATHS && may_die(PRODUCER) -> Kill(PRODUCER) }
#endif
  :: break
  od
}
#endif

init {
  atomic {
#if DEATHS
    run killer();
#endif
    run sync_thread(1);
#if SYNC > 1
    run sync_thread(2);
#endif
#if SYNC > 2
    run sync_thread(3);
#endif
#if PRODUCED
    run producer(PRODUCER);
#endif
#if ASYNC
    run event_loop(ASYNC_ID);
    run wait_hub(ASYNC_ID)
#endif
  }
}
