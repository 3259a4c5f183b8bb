/*
 * lock.pml: the Lock (and RLock) state word, its sleepers and event loops, checked with SPIN. See README.md; run.sh
 * runs every check. Comments name the function of native/sync that a step mirrors.
 *
 * The 64-bit state word is `low` (the futex word) and `high`. A load that is followed by a successful CAS
 * is one atomic step, because a CAS that succeeds proves that nothing changed since the load. The CAS and
 * the wake that follows it are two steps, and so are "set WAITERS" and "sleep": there a party can be
 * overtaken or die.
 *
 *   low:   WAITERS | ABANDONED | PENDING | owner (0 = free)      high: the waiter that asks for hand-off
 *
 * Build switches (all set by run.sh)
 *   SYNC=n        threads that use acquireSync           ASYNC=0|1|2 processes with event loop and wait hub
 *   ROUNDS=n      acquires per party                     DEATHS=n    how many parties may be killed
 *   ROUNDS_1=n    acquires of party 1, if other
 *   BELLS         event loops have doorbells; without, the hub watches the word for all of them
 *   DEATH_OF_HOLDERS  kill only who is inside the critical section and owes no wake; the token wake is then certain
 *   BOUND_ANY     a bounded sleep may end at any time (for safety)
 *   BOUND_IDLE    a bounded sleep ends only when nothing else can move (for progress)
 *   BOUND_SHORT   a sleep of 2 ms (a grant is PENDING) may end at any time, those of 50 ms never
 *                 (none of the three: no sleep ends by its bound)
 *   PATIENT       no timeout and no abort                PATIENT_SYNC, PATIENT_LOOP  not there
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
#define LOOP_1    (SYNC + 1)        /* ids of the JS threads; the hub of each acts under the same id */
#define LOOP_2    (SYNC + 2)
#define e         (me - LOOP_1)     /* index of my process's entry */

#define OWNER     7
#define PENDING   8
#define ABANDONED 16
#define WAITERS   32
#define owner     (low & OWNER)

byte low  = 0;
byte high = 0;
#ifdef BELLS
byte bell = 0;                      /* id of the event loop that wakers ring, too */
#endif

bool alive[PARTIES + 1]   = true;   /* the life token: false = OWNER_DIED is visible to everybody */
/* The kernel's queues. A sleeper that was woken by one word stays in the queue of the other until it runs. */
bool queued[PARTIES + 1]  = false;  /* sleeps on `low` */
byte watched[PARTIES + 1];          /* whose life token it sleeps on; 0 is none */
bool woken[PARTIES + 1]   = false;  /* of a hub also: its control word has changed (Poke) */
byte deaths = 0;

#if ASYNC
/* The entry of the loop's wait in its process's hub (HubEntry). `mutex` is the group's. */
#define NONE     0
#define WATCHING 1
#define POSTED   2
#define PARKED   3                  /* kPassedOn */
#define LOOPS    1
#define HUBS     2
byte entry[ASYNC]    = NONE;
byte mutex[ASYNC]    = 0;           /* 0, LOOPS or HUBS */
bool by_bell[ASYNC]  = false;
bool planned[ASYNC]  = false;       /* slept_on is set: the hub may sleep on the word for it */
bool left[ASYNC]     = false;       /* left_points: cancelled, but perhaps slept on */
bool told[ASYNC]     = false;       /* rung or posted, and the loop has not come to it yet */
bool starving[ASYNC] = false;       /* the entry's Waiter */
bool expired[ASYNC]  = false;       /* the entry's Waiter saw a grant for 2 ms */
bool has_slept[ASYNC] = false;
#endif

/* What the properties need; no party reads these. */
byte holder = 0;                    /* who believes to hold the lock */
byte inside = 0;                    /* the holder, once it has passed on all wakes that it owes */
bool holder_died = false;           /* a holder was killed and nobody has acquired since */

/* Checked after every change of the word. */
inline CheckWord() {
  assert(high == 0 || ((low & WAITERS) && owner != 0));            /* high ≠ 0 ⇒ WAITERS ∧ owner ≠ 0 */
  assert(owner != 0 || low == 0);                                  /* a free word is 0: the fast path works */
  assert(!((low & PENDING) && (low & ABANDONED)));
  assert(!(low & PENDING) || holder == 0);                         /* a grant is not yet ownership */
  assert(holder == 0 || (owner == holder && !(low & PENDING)))     /* nobody took a living holder's lock */
}

/* Every way to acquire ends here: the CAS wrote `word` and, except by the fast path, withdrew a request of mine. */
inline Acquired(word) {
  assert(holder == 0);                                             /* mutual exclusion */
  low = word;
  holder = me;
  got = true;
  assert(holder_died == ((low & ABANDONED) != 0));                 /* abandoned ⇔ a holder died */
  holder_died = false;
  CheckWord()
}

/* Lock::Taken, and the CAS. */
inline Take(flags, slept_before) {
  if :: high == me -> high = 0 :: else fi;
#ifdef MUTANT_FORGET_WAITERS
  Acquired((me | (flags) | (high -> WAITERS : 0)))
#else
  Acquired((me | (flags) | (high || slept_before -> WAITERS : 0)))
#endif
}

/* Lock::Classify */
#define is_free       (owner == 0)
#define granted_to_me (owner == me && (low & PENDING))
#define is_mine       (owner == me && !(low & PENDING))
#define owner_dead    (owner != 0 && owner != me && !(low & PENDING) && !alive[owner])
#define granted_other (owner != 0 && owner != me && (low & PENDING))
#define grantee_dead  (granted_other && !alive[owner])
#define held          (owner != 0 && owner != me && alive[owner])

/* A grant that died with its grantee is no abandonment: the grantee never held the lock. */
#ifdef MUTANT_PENDING_IS_ABANDONED
#define dead_grant ABANDONED
#else
#define dead_grant 0
#endif

#define WAKE_NONE 0
#define WAKE_ONE  1
#define WAKE_ALL  2
#define WAKE_QUIETLY 3              /* one, and no bell */
#define HIT(p) queued[p] = false; woken[p] = true

/* os::Wake(low, 1): any sleeper. */
inline WakeOne() {
  if
  :: queued[1] -> HIT(1)
#if SYNC + ASYNC > 1
  :: queued[2] -> HIT(2)
#endif
#if SYNC + ASYNC > 2
  :: queued[3] -> HIT(3)
#endif
#if SYNC + ASYNC > 3
  :: queued[4] -> HIT(4)
#endif
  :: else
  fi
}

inline WakeAll() {
  if :: queued[1] -> HIT(1) :: else fi;
#if SYNC + ASYNC > 1
  if :: queued[2] -> HIT(2) :: else fi;
#endif
#if SYNC + ASYNC > 2
  if :: queued[3] -> HIT(3) :: else fi;
#endif
#if SYNC + ASYNC > 3
  if :: queued[4] -> HIT(4) :: else fi;
#endif
}

/* Segment::SpreadDeathNotice and PassDeathOn: the kernel told one sleeper only. */
#define TELL_DEATH(p) if :: watched[p] == (dead) -> watched[p] = 0; woken[p] = true :: else fi
inline SpreadDeath(dead) {
  TELL_DEATH(1);
#if SYNC + ASYNC > 1
  TELL_DEATH(2);
#endif
#if SYNC + ASYNC > 2
  TELL_DEATH(3);
#endif
#if SYNC + ASYNC > 3
  TELL_DEATH(4)
#endif
}

/* Ring of sync/bells.h: `id` must be alive and an event loop. */
#if ASYNC && defined(BELLS)
inline Ring(id) {
#ifdef MUTANT_NO_RING
  skip
#else
  if :: (id) > SYNC && alive[id] -> told[(id) - LOOP_1] = true :: else fi
#endif
}
#endif

/* WakeAndRing, after Ring(request) when a grant was made. The party can die before each step. */
inline WakeAndRing() {
#if ASYNC && defined(BELLS)
  if :: rung -> atomic { Ring(rung); rung = 0 } :: else fi;
  atomic { if :: wake != WAKE_QUIETLY -> rung = bell; bell = 0 :: else fi };
  if :: rung -> atomic { Ring(rung); rung = 0 } :: else fi;
#endif
  atomic {
    if
    :: wake == WAKE_ONE || wake == WAKE_QUIETLY -> WakeOne()
    :: wake == WAKE_ALL -> WakeAll()
    :: else
    fi;
    wake = WAKE_NONE
  }
}

/* Lock::HandOver, up to its wakes. */
inline HandOver() {
  if
  :: high != 0 && alive[high] ->
#if ASYNC && defined(BELLS)
    rung = high;
#endif
    low = high | PENDING | WAITERS; high = 0; wake = WAKE_ALL
  :: else -> wake = (low & WAITERS -> WAKE_ONE : WAKE_NONE); low = 0; high = 0
  fi;
  CheckWord()
}

/* Lock::Withdraw, up to its wakes. */
inline Withdraw() {
  if
  :: is_free -> wake = WAKE_ONE
#ifdef MUTANT_ABORT_KEEPS_GRANT
  :: granted_to_me -> skip
#elif defined(MUTANT_REVOKE_KEEPS_HIGH)
  :: granted_to_me -> low = 0; wake = WAKE_ONE; CheckWord()        /* CAS → {0, high} breaks the invariant */
#else
  :: granted_to_me -> HandOver()
#endif
  :: !is_free && !granted_to_me ->
#ifndef MUTANT_KEEP_REQUEST
    if :: high == me -> high = 0 :: else fi;
#endif
#ifndef MUTANT_NO_PASS_ON
    low = low | WAITERS;
#ifndef MUTANT_SILENT_WITHDRAW
    wake = WAKE_QUIETLY;              /* the sleeper that it finds watches the owner in my place */
#endif
#endif
    CheckWord()
  fi
}

/* Lock::PrepareSleep: set WAITERS, and from 1 ms of waiting (any time here) ask for hand-off, in one CAS. */
inline SetWaiters(is_starving) {
  low = low | WAITERS;
  if
  :: is_starving = true
  :: !is_starving
  fi;
  if
  :: is_starving && (high == 0 || (high != me && !alive[high])) -> high = me
  :: else
  fi;
  sampled = low; sampled_high = high;
  CheckWord()
}

/* Whose token a sleep by `sampled` watches: the owner's, but not a grantee's, and not my own. */
#define token ((sampled & PENDING) || (sampled & OWNER) == me -> 0 : (sampled & OWNER))

/* SleepPlan::until_ns: 2 ms while a grant is PENDING, else 50 ms. */
#if defined(BOUND_ANY)
#define bound_ends true
#elif defined(BOUND_IDLE)
#define bound_ends timeout
#elif defined(BOUND_SHORT)
#define bound_ends (sampled & PENDING)
#else
#define bound_ends false
#endif
/* Waiter::SawGrantTooLong: the very same grant, 2 ms later. */
#define must_take (bound_over && granted_other && sampled == low && sampled_high == high)

inline LeaveQueues() {
  queued[me] = false; watched[me] = 0
}

/* Lock::Release by the holder; the fast path first: CAS32(self → 0), `high` not looked at. */
inline Release() {
  assert(owner == me && !(low & PENDING));                         /* no OverReleaseError for a holder */
  holder = 0; inside = 0;
  if
  :: low == me -> low = 0; CheckWord()
  :: else -> HandOver()
  fi
}

/* acquireSync(), AcquireBlocking: with or without a timeout, chosen anew each time; then release(). */
proctype sync_thread(byte me) {
  byte sampled, sampled_high, round, wake, announced, slept_on;
  bool got, slept, has_timeout, bound_over, is_starving;
#if ASYNC && defined(BELLS)
  byte rung;
#endif
  {
    round = 0;
next_round:
    atomic {
      if
      :: round == rounds_of(me) -> goto done
#if !defined(PATIENT) && !defined(PATIENT_SYNC)
      :: round < rounds_of(me) -> round++; has_timeout = true
#endif
      :: round < rounds_of(me) -> round++
      fi
    };
    atomic { if :: low == 0 -> Acquired(me); goto critical :: else fi };   /* fast: CAS32(0 → self) */

again:
    atomic {                                                       /* Attempt; PrepareSleep */
      if
      :: is_free -> Take(0, slept)
      :: granted_to_me -> Take((low & (WAITERS | ABANDONED)), slept)
      :: owner_dead && announced != owner -> announced = owner; SpreadDeath(owner); goto again
      :: owner_dead && announced == owner -> Take((ABANDONED | (low & WAITERS)), slept)
      :: grantee_dead -> Take(((low & WAITERS) | dead_grant), slept)
      :: granted_other && held -> Take((low & WAITERS), slept)            /* after 2 ms: at any time */
#ifdef MUTANT_STEAL_ALIVE
      :: held -> Take((ABANDONED | (low & WAITERS)), slept)
#endif
      :: held && has_timeout -> goto give_up                       /* the deadline may pass at any time */
      :: held && !must_take -> SetWaiters(is_starving)
      fi;
      bound_over = false;
      if :: got -> sampled = 0; sampled_high = 0; announced = 0; goto chain :: else fi
    };
    atomic {                                                       /* os::Wait: compare and sleep */
      slept = true; slept_on = token;
      if
      :: low == sampled && alive[slept_on] -> queued[me] = true; watched[me] = slept_on
      :: else -> woken[me] = true
      fi
    };
    if
    :: atomic { woken[me] -> sampled = 0; sampled_high = 0 }
    :: atomic { !woken[me] && has_timeout -> sampled = 0; sampled_high = 0 }
    :: atomic { bound_ends && !woken[me] -> bound_over = true }
    fi;
    atomic {
      LeaveQueues(); woken[me] = false;
      if :: alive[slept_on] -> slept_on = 0; goto again :: else fi
    };
    atomic { SpreadDeath(slept_on); slept_on = 0; goto again };    /* PassDeathOn */

give_up:
    atomic {
      Withdraw();
      if :: wake == WAKE_NONE -> goto finished :: else fi
    };
    WakeAndRing();
    goto finished;

chain:
#ifndef MUTANT_NO_CHAIN
    atomic { if :: slept -> wake = WAKE_ONE :: else -> goto critical fi };
    WakeAndRing();
#endif

critical:
    atomic { got = false; slept = false; inside = me };
    atomic {
      Release();
      if :: wake == WAKE_NONE -> goto finished :: else fi
    };
    WakeAndRing();

finished:
    atomic {
      assert(high != me && owner != me);                           /* no trace of a wait that is over */
      slept = false; has_timeout = false; is_starving = false; announced = 0;
      goto next_round
    }
  } unless { !alive[me] };
done:
  skip
}

#if ASYNC
inline Poke() { woken[me] = true }

/* WaitGroup::Remove. The hub may sleep on the word for it, so it must give a wake back. */
inline Remove() {
#ifdef MUTANT_LEAVE_SILENTLY
  skip;
#elif defined(MUTANT_LEAVE_IF_WATCHING)
  if :: entry[e] == WATCHING && !by_bell[e] && planned[e] -> left[e] = true :: else fi;
#else
  if :: !by_bell[e] && planned[e] -> left[e] = true :: else fi;
#endif
  Poke()
}

/*
 * acquire() in JS: ts/sync/wait-queue.ts, EnvState and WaitHub. Its steps interleave freely, so the event loop may be
 * busy for any time between two of them.
 */
proctype event_loop(byte me) {
  byte round, wake, announced, sampled, sampled_high;
  bool got, abortable, claimed, tried;
#ifdef BELLS
  byte rung;
#endif
  {
    round = 0;
next_round:
    atomic {
      if
      :: round == rounds_of(me) -> goto done
#if !defined(PATIENT) && !defined(PATIENT_LOOP)
      :: round < rounds_of(me) -> round++; abortable = true
#endif
      :: round < rounds_of(me) -> round++
      fi
    };
    atomic { if :: low == 0 -> Acquired(me); goto critical :: else fi };   /* fast */

arm:                                                               /* Arm, from WaitHub::Watch or Rearm */
    atomic {                                                       /* step 1 of bells.h: ClaimBell */
      mutex[e] != HUBS;
      mutex[e] = (entry[e] == NONE -> 0 : LOOPS);
#ifdef BELLS
      if
      :: bell == 0 || bell == me || !alive[bell] -> bell = me; claimed = true
      :: else -> claimed = false
      fi
#endif
    };
    atomic {                                                       /* step 2: PrepareSleep */
      if
      :: is_free || granted_to_me || owner_dead || grantee_dead || (granted_other && expired[e]) ->   /* kTryNow */
        claimed = false; mutex[e] = 0;
        if
        :: entry[e] == NONE -> entry[e] = PARKED; by_bell[e] = false; told[e] = true; goto wait
        :: else -> entry[e] = PARKED; goto try                     /* Rearm: again at once */
        fi
      :: held && !(granted_other && expired[e]) ->
        SetWaiters(starving[e]); sampled = 0; sampled_high = 0; has_slept[e] = true
      fi
    };
#ifdef BELLS
    atomic { if :: claimed && bell != me -> goto arm :: else fi }; /* step 3 */
#endif
    atomic {
      if :: mutex[e] == LOOPS -> mutex[e] = 0 :: else fi
    };
    atomic {                                                       /* Place, or WaitGroup::Watch */
      mutex[e] != HUBS;
      if
      :: entry[e] != NONE && by_bell[e] != claimed -> Remove()     /* to another thread */
      :: else
      fi;
      entry[e] = WATCHING; by_bell[e] = claimed; claimed = false;
      Poke()
    };

wait:
    if
    :: atomic { told[e] -> told[e] = false; goto try }             /* rung, or the posted call runs */
    :: atomic { abortable -> goto cancel }                         /* abort, or the timer after its last try */
    :: atomic { abortable && !tried -> tried = true; goto try }   /* WaitQueue.#expire */
#ifdef JS_BLOCKS
    :: goto end_blocked
#endif
    fi;

try:
    atomic {                                                       /* WaitHub::Attempt */
      mutex[e] != HUBS;
      mutex[e] = 0;
      if
      :: is_free -> Take(0, has_slept[e])
      :: granted_to_me -> Take((low & (WAITERS | ABANDONED)), has_slept[e])
      :: owner_dead && announced != owner -> announced = owner; mutex[e] = LOOPS; SpreadDeath(owner); goto try
      :: owner_dead && announced == owner -> Take((ABANDONED | (low & WAITERS)), has_slept[e])
      :: grantee_dead -> Take(((low & WAITERS) | dead_grant), has_slept[e])
      :: granted_other && held && expired[e] -> Take((low & WAITERS), has_slept[e])
      :: held && !(granted_other && expired[e])
      fi;
      expired[e] = false; announced = 0;
#ifndef MUTANT_HUB_LOOKS_ON
      if :: got -> entry[e] = PARKED :: else fi;   /* nothing more is wanted, so the hub must not ask for it */
#endif
      if
      :: !got -> goto arm
      :: got && has_slept[e] -> mutex[e] = LOOPS; wake = WAKE_ONE
      :: got && !has_slept[e] -> goto acquired
      fi
    };
#ifdef MUTANT_NO_CHAIN
    wake = WAKE_NONE;
#else
    WakeAndRing();
#endif
    mutex[e] = 0;
acquired:
    atomic { mutex[e] != HUBS; Remove(); entry[e] = NONE };        /* WaitHub::Cancel, no withdraw */
#ifdef BELLS
    atomic { if :: bell == me -> bell = 0 :: else fi };
#endif
    goto critical;

cancel:
    atomic { mutex[e] != HUBS; Remove(); entry[e] = NONE };        /* WaitHub::Cancel */
#ifdef BELLS
    atomic { if :: bell == me -> bell = 0 :: else fi };
#endif
    atomic {
      Withdraw();
      if :: wake == WAKE_NONE -> goto finished :: else fi
    };
    WakeAndRing();
    goto finished;

critical:
    atomic { got = false; has_slept[e] = false; starving[e] = false; planned[e] = false; inside = me };
    atomic {
      Release();
      if :: wake == WAKE_NONE -> goto finished :: else fi
    };
    WakeAndRing();

finished:
    atomic {
      assert(high != me && owner != me);
      has_slept[e] = false; abortable = false; tried = false; starving[e] = false; expired[e] = false; planned[e] = false; by_bell[e] = false;
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

/* The wait hub of the same process (WaitGroup::Loop): looks and posts, never acquires. */
proctype wait_hub(byte me) {
  byte sampled, sampled_high, wake, slept_on;
  bool bound_over, with_word;
#ifdef BELLS
  byte rung;
#endif
  {
    sampled = 0;
end_collect:
    if
    :: atomic {                                                    /* Collect: the removed ones first */
        mutex[e] == 0 && woken[me] && left[e] ->
        left[e] = false; WakeOne(); goto end_collect
      }
    :: atomic {                                                    /* Look, Plan */
        mutex[e] == 0 && woken[me] && !left[e] ->
        woken[me] = false;
        if
        :: entry[e] != WATCHING -> sampled = 0; sampled_high = 0; bound_over = false; goto end_collect
#ifdef BELLS
        :: entry[e] == WATCHING && by_bell[e] && bell != me ->         /* HasLostBell: its ringer may have died */
          entry[e] = POSTED; told[e] = true
#endif
        :: entry[e] == WATCHING && (is_free || granted_to_me || owner_dead || grantee_dead) ->
          entry[e] = POSTED; told[e] = true
        :: entry[e] == WATCHING && granted_other && held ->        /* seen for 2 ms: at any time */
          entry[e] = POSTED; told[e] = true; expired[e] = true
        :: entry[e] == WATCHING && is_mine && !must_take ->        /* kMine: looked before Cancel came */
          SetWaiters(starving[e]); has_slept[e] = true; planned[e] = true
        :: entry[e] == WATCHING && held && !must_take ->
          SetWaiters(starving[e]); has_slept[e] = true; planned[e] = true
        fi;
        bound_over = false;
        if
        :: entry[e] == WATCHING -> with_word = !by_bell[e]
        :: else -> sampled = 0; sampled_high = 0; goto end_collect
        fi
      }
#ifndef MUTANT_NO_EXPIRY
    :: atomic {                                                    /* no try within 2 ms (at any time here) */
        mutex[e] == 0 && entry[e] == POSTED ->
        Withdraw(); entry[e] = PARKED;
        if :: wake == WAKE_NONE -> goto end_collect :: else -> mutex[e] = HUBS fi
      };
      WakeAndRing();
      atomic { mutex[e] = 0; goto end_collect }
#endif
    fi;
    atomic {                                                       /* os::Wait on control word, word, token */
      slept_on = token;
      if
      :: !woken[me] && (!with_word || low == sampled) && alive[slept_on] ->
        queued[me] = with_word; watched[me] = slept_on
      :: else -> woken[me] = true
      fi;
      with_word = false
    };
end_asleep:
    if
    :: atomic { woken[me] -> sampled = 0; sampled_high = 0 }
    :: atomic { bound_ends && !woken[me] -> woken[me] = true; bound_over = true }
    fi;
    atomic {
      LeaveQueues();
      if :: alive[slept_on] -> slept_on = 0; goto end_collect :: else fi
    };
    atomic { SpreadDeath(slept_on); slept_on = 0; goto end_collect }       /* PassDeathsOn */
  } unless { !alive[me] }
}
#endif

#if DEATHS
/* SIGKILL of any party at any step. The kernel wakes at most one of those who sleep on the life token. */
inline Kill(p) {
  alive[p] = false; queued[p] = false; watched[p] = 0; woken[p] = false; deaths++;
  if
  :: holder == p -> holder = 0; inside = 0; holder_died = true
  :: else
  fi;
  if
  :: watched[1] == p -> watched[1] = 0; woken[1] = true
#if SYNC + ASYNC > 1
  :: watched[2] == p -> watched[2] = 0; woken[2] = true
#endif
#if SYNC + ASYNC > 2
  :: watched[3] == p -> watched[3] = 0; woken[3] = true
#endif
#if SYNC + ASYNC > 3
  :: watched[4] == p -> watched[4] = 0; woken[4] = true
#endif
#ifdef DEATH_OF_HOLDERS
  :: else
#else
  :: true                             /* it went to the sleeper of another lock, or the token cannot be waited on */
#endif
  fi
}

#ifdef DEATH_OF_HOLDERS
#define may_die(p) (alive[p] && inside == p)
#define loop_may_die(p) (alive[p] && inside == p && !left[p - LOOP_1])
#else
#define may_die(p) (alive[p])
#define loop_may_die(p) may_die(p)
#endif

proctype killer() {
end_kill:
  do
#if SYNC
  :: atomic { deaths < DEATHS && may_die(1) -> Kill(1) }
#endif
#if SYNC > 1
  :: atomic { deaths < DEATHS && may_die(2) -> Kill(2) }
#endif
#if SYNC > 2
  :: atomic { deaths < DEATHS && may_die(3) -> Kill(3) }
#endif
#if SYNC > 3
  :: atomic { deaths < DEATHS && may_die(4) -> Kill(4) }
#endif
#if ASYNC
  :: atomic { deaths < DEATHS && loop_may_die(LOOP_1) -> Kill(LOOP_1) }
#endif
#if ASYNC > 1
  :: atomic { deaths < DEATHS && loop_may_die(LOOP_2) -> Kill(LOOP_2) }
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
#if SYNC
    run sync_thread(1);
#endif
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
    run event_loop(LOOP_1);
    run wait_hub(LOOP_1);
#endif
#if ASYNC > 1
    run event_loop(LOOP_2);
    run wait_hub(LOOP_2)
#endif
  }
}
