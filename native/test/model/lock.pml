/*
 * lock.pml: the Lock (and RLock) state word, checked with SPIN. See README.md; run.sh runs every check.
 *
 * The 64-bit state word is `low` (the futex word) and `high`. A load that is followed by a successful CAS
 * is one atomic step, because a CAS that succeeds proves that nothing changed since the load. The CAS and
 * the wake that follows it are two steps, and so are "set WAITERS" and "sleep": there a party can be
 * overtaken or die.
 *
 *   low:   WAITERS | ABANDONED | PENDING | owner (0 = free)      high: the waiter that asks for hand-off
 *
 * Build switches (all set by run.sh)
 *   SYNC=n        threads that use acquireSync           ASYNC=0|1   one process with event loop and wait hub
 *   ROUNDS=n      acquires per party                     DEATHS=n    how many parties may be killed
 *   ROUNDS_1=n    acquires of party 1, if other
 *   DEATH_OF_HOLDERS  kill only inside the critical section; the token wake is then certain
 *   BOUND_ANY     a bounded sleep may end at any time (for safety)
 *   BOUND_IDLE    a bounded sleep ends only when nothing else can move (for progress)
 *   BOUND_SHORT   the sleeps of 1 and 2 ms may end at any time, those of 50 ms never
 *                 (none of the three: no sleep ends by its bound)
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

#define PARTIES   (SYNC + ASYNC)
#define ASYNC_ID  (SYNC + 1)        /* id of the JS thread; its hub acts under the same id */

#define OWNER     7
#define PENDING   8
#define ABANDONED 16
#define WAITERS   32
#define owner     (low & OWNER)

byte low  = 0;
byte high = 0;

bool alive[PARTIES + 1]  = true;    /* the life token: false = OWNER_DIED is visible to everybody */
bool asleep[PARTIES + 1] = false;   /* in the kernel's queue of the futex word and of a token */
byte token[PARTIES + 1];            /* whose life token the sleeper also waits on */
byte deaths = 0;

/* The entry of the async wait in its process's hub; changed only under the hub's mutex, hence atomically. */
#define IDLE    0   /* no wait, or the event loop is trying right now */
#define ARMED   1   /* the hub evaluates the word and sleeps on it */
#define POSTED  2   /* the hub has asked the event loop to try */
#define PARKED  3   /* POSTED for 2 ms without a try: wake passed on, request withdrawn, word not watched */
#define REMOVED 4   /* aborted while the hub slept: the hub passes a wake on and forgets the entry */
byte entry = IDLE;
bool entry_owes   = false;          /* the hub consumed a wake which the word does not show any more */
bool entry_revoke = false;          /* posted because a grant was seen unaccepted for 2 ms */

/* What the properties need; no party reads these. */
byte holder = 0;                    /* who believes to hold the lock */
bool holder_died = false;           /* a holder was killed and nobody has acquired since */

/* Checked after every change of the word. */
inline CheckWord() {
  assert(high == 0 || ((low & WAITERS) && owner != 0));            /* high ≠ 0 ⇒ WAITERS ∧ owner ≠ 0 */
  assert(owner != 0 || low == 0);                                  /* a free word is 0: the fast path works */
  assert(!((low & PENDING) && (low & ABANDONED)));
  assert(!(low & PENDING) || holder == 0);                         /* a grant is not yet ownership */
  assert(holder == 0 || (owner == holder && !(low & PENDING)))     /* nobody took a living holder's lock */
}

/* Every way to acquire ends here: the CAS wrote `word`; a request of mine is withdrawn by the same CAS. */
inline Acquired(word) {
  assert(holder == 0);                                             /* mutual exclusion */
  low = word;
  if :: high == me -> high = 0 :: else fi;
  holder = me;
  assert(holder_died == ((low & ABANDONED) != 0));                 /* abandoned ⇔ a holder died */
  holder_died = false;
  owes = false;                       /* the word has WAITERS, or I never consumed a wake */
  announced = 0;
  got = true;
  CheckWord()
}

/* Wake(low, 1): any sleeper. */
inline WakeOne() {
  if
  :: asleep[1] -> asleep[1] = false
  :: asleep[2] -> asleep[2] = false
#if SYNC + ASYNC > 2
  :: asleep[3] -> asleep[3] = false
#endif
#if SYNC + ASYNC > 3
  :: asleep[4] -> asleep[4] = false
#endif
  :: else
  fi
}

inline WakeAll() {
  asleep[1] = false; asleep[2] = false;
#if SYNC + ASYNC > 2
  asleep[3] = false;
#endif
#if SYNC + ASYNC > 3
  asleep[4] = false
#endif
}

/*
 * The CAS of RELEASE slow. Used by release, by an aborted wait that had been granted the lock, and by the hub
 * that revokes its own grant: all three must treat a standing request in the same way.
 */
#define WAKE_NONE 0
#define WAKE_ONE  1
#define WAKE_ALL  2
inline PassLock() {
  if
  :: high != 0 && alive[high] -> low = high | PENDING | WAITERS; high = 0; wake = WAKE_ALL
  :: high != 0 && !alive[high] -> low = 0; high = 0; wake = WAKE_ALL     /* let another one ask */
  :: else -> wake = (low & WAITERS -> WAKE_ONE : WAKE_NONE); low = 0
  fi;
  CheckWord()
}

/* A grant that is not accepted and an abort, or 2 ms in a blocked event loop. */
inline GiveGrantBack() {
#ifdef MUTANT_REVOKE_KEEPS_HIGH
  low = 0; wake = WAKE_ONE; CheckWord()       /* CAS → {0, high} breaks the invariant */
#else
  PassLock()
#endif
}

/* SYNC POINT: the wake after the store. The party can die before it. */
inline WakeAfterStore() {
  atomic {
    if
    :: wake == WAKE_ONE -> WakeOne()
    :: wake == WAKE_ALL -> WakeAll()
    :: else
    fi;
    wake = WAKE_NONE
  }
}

/* PENDING target dead is no abandonment: it never held the lock. */
#ifdef MUTANT_PENDING_IS_ABANDONED
#define takeover_word (me | WAITERS | ABANDONED)
#else
#define takeover_word (me | WAITERS | (low & PENDING -> 0 : ABANDONED))
#endif

/* "self | WAITERS if I have ever slept": sleepers left in the queue are shown in the word again. */
#ifdef MUTANT_FORGET_WAITERS
#define free_word (me)
#else
#define free_word (me | (slept -> WAITERS : 0))
#endif

/* set WAITERS, and from 1 ms of waiting ask for hand-off, in one CAS64. */
inline SetWaiters() {
  low = low | WAITERS;
  if
  :: starving = true                  /* 1 ms may have passed at any time */
  :: !starving
  fi;
  if
  :: starving && (high == 0 || !alive[high]) -> high = me
  :: else
  fi;
  announced = 0;
  owes = false;                       /* the next release sees WAITERS: the consumed wake is restored */
  sampled = low;
  CheckWord()
}

#ifdef BOUND_SHORT
#define SetUnasked() unasked = (high == 0)
#else
#define SetUnasked() skip
#endif

/*
 * The bound of a sleep: 1 ms until the waiter starves, 2 ms while a grant is pending, else 50 ms. A sleep of 50 ms
 * begins only with a request standing in `high`, so the next release wakes everybody, and nobody sleeps for long
 * on the life token of a former owner. (One gap is left open, see README.md: a request withdrawn between the CAS
 * and the sleep of another waiter. `unasked` excludes it from BOUND_SHORT.)
 */
#define short_sleep (!starving || (sampled & PENDING) || unasked)
#if defined(BOUND_ANY)
#define bound_ends true
#elif defined(BOUND_IDLE)
#define bound_ends timeout
#elif defined(BOUND_SHORT)
#define bound_ends short_sleep
#else
#define bound_ends false
#endif
inline BoundOver() {
  asleep[me] = false; token[me] = 0; bound_over = true; starving = true; unasked = false
}

/*
 * The kernel wakes one of those who sleep on a dead thread's token: whoever sees the death wakes all of them,
 * before it takes the lock over and may die itself.
 */
inline AnnounceDeath(dead) {
#ifndef MUTANT_NO_ANNOUNCE
  if :: asleep[1] && token[1] == dead -> asleep[1] = false :: else fi;
  if :: asleep[2] && token[2] == dead -> asleep[2] = false :: else fi;
#if SYNC + ASYNC > 2
  if :: asleep[3] && token[3] == dead -> asleep[3] = false :: else fi;
#endif
#if SYNC + ASYNC > 3
  if :: asleep[4] && token[4] == dead -> asleep[4] = false :: else fi;
#endif
#endif
  announced = dead
}

/* A request that is withdrawn wakes one sleeper, which can ask in its turn. */
inline Withdraw() {
  high = 0;
#ifndef MUTANT_SILENT_WITHDRAW
  owes = true;
#endif
  CheckWord()
}

/* A waiter that leaves without the lock and has consumed a wake gives it to another one, whatever the word says. */
inline PassOn() {
#if defined(MUTANT_NO_PASS_ON)
  owes = false
#elif defined(MUTANT_PASS_ON_IF_FREE)
  atomic { if :: owes && low == 0 -> WakeOne() :: else fi; owes = false }
#else
  atomic { if :: owes -> WakeOne() :: else fi; owes = false }
#endif
}

/* The CAS of RELEASE by the holder. */
inline Release() {
  assert(owner == me && !(low & PENDING));                         /* no OverReleaseError for a holder */
  holder = 0;
  if
  :: low == me -> low = 0; CheckWord()                             /* fast: CAS32(self → 0), high not looked at */
  :: else -> PassLock()                                            /* slow */
  fi
}

/* acquireSync(): with or without a timeout, chosen anew each time; then release(). */
proctype sync_thread(byte me) {
  byte sampled, round, wake, announced;
  bool got, slept, owes, has_timeout, bound_over, starving, unasked;
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
    atomic { if :: low == 0 -> Acquired(me); goto critical :: else fi };   /* fast: CAS32(0 → self) */

again:
    atomic {
      if
      :: has_timeout -> goto give_up                               /* the deadline may pass at any time */
      :: owner == 0 -> Acquired(free_word)
      :: owner == me -> assert(low & PENDING); Acquired((low & ~PENDING))         /* accept the hand-off */
      :: owner != 0 && owner != me && !alive[owner] && announced != owner -> AnnounceDeath(owner); goto again
      :: owner != 0 && owner != me && !alive[owner] && announced == owner -> Acquired(takeover_word)   /* robust */
      :: owner != me && (low & PENDING) && alive[owner] -> Acquired((me | WAITERS))   /* revoke after 2 ms */
#ifdef MUTANT_STEAL_ALIVE
      :: owner != 0 && owner != me && alive[owner] -> Acquired(takeover_word)
#endif
      :: owner != 0 && owner != me && alive[owner] && !((low & PENDING) && bound_over && sampled == low) ->
        SetWaiters()
      fi;
      bound_over = false;
      if :: got -> goto critical :: else fi
    };
    atomic {                                                       /* futex: compare and sleep */
      if
      :: low == sampled && alive[sampled & OWNER] -> asleep[me] = true; token[me] = sampled & OWNER; slept = true; SetUnasked()
      :: else -> sampled = 0; goto again                           /* EAGAIN */
      fi
    };
    if
    :: atomic { !asleep[me] -> owes = true; sampled = 0; token[me] = 0; unasked = false; goto again }   /* a wake, or the owner's death */
    :: atomic { asleep[me] && has_timeout -> asleep[me] = false; goto give_up }
    :: atomic { bound_ends && asleep[me] -> BoundOver(); goto again }
    fi;

give_up:
    atomic {                                                       /* timed out: accept a grant, or withdraw */
      token[me] = 0; bound_over = false; unasked = false;
      if
      :: owner == me -> assert(low & PENDING); Acquired((low & ~PENDING)); goto critical
#ifndef MUTANT_KEEP_REQUEST
      :: owner != me && high == me -> Withdraw()
#endif
      :: else
      fi;
      if :: owes -> skip :: else -> goto finished fi
    };
    PassOn();
    goto finished;

critical:
    atomic {
      got = false; bound_over = false; sampled = 0;
      Release();
      if :: wake == WAKE_NONE -> goto finished :: else fi
    };
    WakeAfterStore();

finished:
    atomic {
      assert(high != me && owner != me);                           /* no trace of a wait that is over */
      sampled = 0; slept = false; has_timeout = false; starving = false; announced = 0;
      goto next_round
    }
  } unless { !alive[me] };
done:
  skip
}

#if ASYNC
/*
 * acquire() in JS. Its steps interleave freely, so the event loop may be busy for any time between two of them.
 */
proctype event_loop(byte me) {
  byte round, wake, announced;
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
    atomic { if :: low == 0 -> Acquired(me); goto critical :: else fi };   /* fast */

try:
    atomic {                                                       /* the same rules, but no sleep */
      if
      :: owner == 0 -> Acquired(free_word)
      :: owner == me -> assert(low & PENDING); Acquired((low & ~PENDING))
      :: owner != 0 && owner != me && !alive[owner] && announced != owner -> AnnounceDeath(owner); goto try
      :: owner != 0 && owner != me && !alive[owner] && announced == owner -> Acquired(takeover_word)
      :: owner != me && (low & PENDING) && alive[owner] && revoke -> Acquired((me | WAITERS))
      :: else -> entry = ARMED; entry_owes = owes; owes = false    /* the hub sets WAITERS again */
      fi;
      revoke = false;
      if :: got -> goto critical :: else fi
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
        :: entry == ARMED -> entry = REMOVED; asleep[me] = false   /* kick: the control word */
        :: else -> owes = entry_owes; entry_owes = false; entry = IDLE
        fi
      }
#ifdef JS_BLOCKS
    :: goto end_blocked
#endif
    fi;

    atomic {                                                       /* withdraw; a grant is accepted or passed on */
      if
      :: owner == me -> assert(low & PENDING); Acquired((low & ~PENDING)); goto critical   /* timeout */
      :: owner == me -> assert(low & PENDING); GiveGrantBack(); owes = false               /* abort */
#ifdef MUTANT_ABORT_KEEPS_GRANT
      :: owner == me -> skip
#endif
      :: owner != me && high == me -> Withdraw()
      :: else
      fi;
      if :: !owes && wake == WAKE_NONE -> goto finished :: else fi
    };
    atomic { WakeAfterStore(); PassOn(); goto finished };          /* at most one of the two does anything */

critical:
    atomic {
      got = false;
      Release();
      if :: wake == WAKE_NONE -> goto finished :: else fi
    };
    atomic { if :: wake == WAKE_ONE -> WakeOne() :: else -> WakeAll() fi; wake = WAKE_NONE };

finished:
    atomic {
      assert(high != me && owner != me);
      slept = false; abortable = false; announced = 0; revoke = false;
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
  byte sampled, wake, announced;
  bool owes, bound_over, starving, unasked;
  {
    owes = false;
end_idle:
    do
    :: atomic {
        entry == ARMED ->
        owes = owes || entry_owes; entry_owes = false;
        if
        :: owner != 0 && owner != me && !alive[owner] && announced != owner -> AnnounceDeath(owner); goto end_idle
        :: owner == 0 || owner == me || announced == owner ->      /* "try again" */
          entry = POSTED; entry_owes = owes; owes = false; bound_over = false; sampled = 0; announced = 0
        :: owner != 0 && owner != me && alive[owner] && (low & PENDING) ->   /* unaccepted for 2 ms */
          entry = POSTED; entry_owes = owes; owes = false; entry_revoke = true; bound_over = false; sampled = 0
        :: owner != 0 && owner != me && alive[owner] && !((low & PENDING) && bound_over && sampled == low) ->
          bound_over = false;
          SetWaiters();
          goto sleep
        fi
      }
    :: atomic {                                                    /* futex_waitv names one woken word only: */
        entry == REMOVED -> owes = true; starving = false; announced = 0; entry = IDLE              /* whether this one was is not known */
      };
      PassOn()
#ifndef MUTANT_NO_EXPIRY
    :: atomic {
        entry == POSTED ->                                         /* no try within 2 ms (at any time here) */
        entry = PARKED; owes = entry_owes; entry_owes = false;
        if
        :: owner == me && (low & PENDING) -> GiveGrantBack(); owes = false
        :: owner != me && high == me -> Withdraw()
        :: else
        fi;
        if :: !owes && wake == WAKE_NONE -> goto end_idle :: else fi
      };
      atomic { WakeAfterStore(); PassOn() }                        /* at most one of the two does anything */
#endif
    od;
sleep:
    atomic {                                                       /* futex_waitv on control word, word, token */
      if
      :: low == sampled && alive[sampled & OWNER] && entry == ARMED ->
        asleep[me] = true; token[me] = sampled & OWNER; SetUnasked()
      :: else -> sampled = 0; goto end_idle
      fi
    };
    if
    :: atomic { !asleep[me] -> owes = true; sampled = 0; token[me] = 0; unasked = false; goto end_idle }
    :: atomic { bound_ends && asleep[me] -> BoundOver(); goto end_idle }
    fi
  } unless { !alive[me] }
}
#endif

#if DEATHS
/* SIGKILL of any party at any step. The kernel wakes at most one of those who sleep on the life token. */
inline Kill(p) {
  alive[p] = false; asleep[p] = false; token[p] = 0; deaths++;
  if
  :: holder == p -> holder = 0; holder_died = true
  :: else
  fi;
  if
  :: asleep[1] && token[1] == p -> asleep[1] = false
  :: asleep[2] && token[2] == p -> asleep[2] = false
#if SYNC + ASYNC > 2
  :: asleep[3] && token[3] == p -> asleep[3] = false
#endif
#if SYNC + ASYNC > 3
  :: asleep[4] && token[4] == p -> asleep[4] = false
#endif
#ifdef DEATH_OF_HOLDERS
  :: else
#else
  :: true                             /* the sleeper of another lock got it, or the token cannot be waited on */
#endif
  fi
}

#ifdef DEATH_OF_HOLDERS
#define may_die(p) (alive[p] && holder == p)
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
#if SYNC + ASYNC > 3
  :: atomic { deaths < DEATHS && may_die(4) -> Kill(4) }
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
#if SYNC > 3
    run sync_thread(4);
#endif
#if ASYNC
    run event_loop(ASYNC_ID);
    run wait_hub(ASYNC_ID)
#endif
  }
}
