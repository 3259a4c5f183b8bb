/*
 * semaphore.pml: the Semaphore state word, its sleepers and event loops, checked with SPIN. See README.md; run.sh runs
 * every check. Comments name the function of native/sync that a step mirrors.
 *
 * The 64-bit state word is `count` (low half) and `high` (the futex word). A load that is followed by a successful
 * CAS is one atomic step. The CAS and the wake that follows it are two steps, and so are "set WAITERS" and
 * "sleep": there a party can be overtaken or die. Event loop, hub and bell are those of lock.pml.
 *
 *   high:  WAITERS | box (EMPTY, REQUESTED, GRANTED) | id of the box
 *
 * Build switches (all set by run.sh)
 *   SYNC=n        threads that acquire and release       ASYNC=0|1   one process with event loop and wait hub
 *   ROUNDS=n      acquires per party                     DEATHS=n    how many parties may be killed
 *   ROUNDS_1=n    acquires of party 1, if other
 *   UNITS=n       initial count                          PRODUCED=n  units that a further party releases, one by
 *                                                                    one or at once
 *   BELLS         the event loop has a doorbell; without, the hub watches the word for it
 *   CONSUME       units are not given back, as when a semaphore counts items
 *   PLAIN         the plain back end: fast paths change the count alone, then look at `high`
 *   DEATH_SPARES_HOLDERS  kill only who holds no unit, so that none is lost and all waiters must end
 *   BOUND_ANY     a bounded sleep may end at any time (for safety)
 *   BOUND_IDLE    a bounded sleep ends only when nothing else can move (for progress)
 *   BOUND_SHORT   a sleep of 2 ms (a unit is GRANTED) may end at any time, those of 50 ms never
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
#ifndef UNITS
#define UNITS 1
#endif
#ifndef PRODUCED
#define PRODUCED 0
#endif

#define PARTIES   (SYNC + ASYNC)
#define LOOP_1    (SYNC + 1)        /* id of the JS thread; its hub acts under the same id */
#define PRODUCER  (PARTIES + 1)

#define ID        7
#define REQUESTED 8
#define GRANTED   16
#define BOX       24
#define WAITERS   32
#define boxed     (high & ID)       /* whose the box is */

byte count = UNITS;
byte high  = 0;
#ifdef BELLS
byte bell  = 0;                     /* id of the event loop that wakers ring, too */
#endif

bool alive[PARTIES + 2]  = true;
bool queued[PARTIES + 1] = false;   /* in the kernel's queue of `high` */
bool woken[PARTIES + 1]  = false;   /* of a hub also: its control word has changed (Poke) */
byte deaths = 0;

#if ASYNC
/* The entry of the loop's wait in its process's hub, as in lock.pml. */
#define NONE     0
#define WATCHING 1
#define POSTED   2
#define PARKED   3                  /* kPassedOn */
#define LOOPS    1
#define HUBS     2
byte entry = NONE;
byte mutex = 0;                     /* 0, LOOPS or HUBS */
bool by_bell  = false;
bool planned  = false;              /* slept_on is set: the hub may sleep on the word for it */
bool left     = false;              /* left_points: cancelled, but perhaps slept on */
bool told     = false;              /* rung or posted, and the loop has not come to it yet */
bool expired  = false;              /* the entry's Waiter saw a grant for 2 ms */
bool has_slept = false;
#endif

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

/* Semaphore::Classify */
#define granted_to_me ((high & GRANTED) && boxed == me)
#define granted_other ((high & GRANTED) && boxed != me && count == 0)
#define grantee_dead  (granted_other && !alive[boxed])
#define is_free       (!granted_to_me && count > 0)
#define held          (!granted_to_me && count == 0)
#define my_request    ((high & REQUESTED) && boxed == me)

/* Every way to acquire ends here, after the CAS. */
inline Acquired() {
  assert(!holds[me]);
  holds[me] = true; out++; got = true;
  CheckWord()
}

/*
 * The slow CAS of Semaphore::Attempt. Others may sleep as I have: while units are left the acquirer wakes the next
 * one, else it sets WAITERS.
 */
#if defined(MUTANT_FORGET_WAITERS)
#define others(slept) 0
#elif defined(MUTANT_WAITERS_WITH_UNITS)
#define others(slept) ((slept) -> WAITERS : 0)
#else
#define others(slept) (((slept) && count == 0) -> WAITERS : 0)
#endif
inline TakeUnit(slept_before) {
  count--;
  if :: my_request -> high = high & WAITERS :: else fi;
  high = high | others(slept_before);
  wake = ((slept_before) && count > 0 -> 1 : 0);
  Acquired()
}

/* Accept my grant, or take over one whose owner is dead or has let 2 ms pass. */
inline TakeBox(slept_before) {
  high = (high & WAITERS) | others(slept_before);
  wake = ((slept_before) && count > 0 -> 1 : 0);
  Acquired()
}

#define HIT(p) queued[p] = false; woken[p] = true

/* os::Wake(high, 1): any sleeper. */
inline WakeOne() {
  if
  :: queued[1] -> HIT(1)
#if SYNC + ASYNC > 1
  :: queued[2] -> HIT(2)
#endif
#if SYNC + ASYNC > 2
  :: queued[3] -> HIT(3)
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
  if :: queued[3] -> HIT(3) :: else fi
#endif
}

/* Ring of sync/bells.h: `id` must be alive and an event loop. */
#if ASYNC && defined(BELLS)
inline Ring(id) {
#ifdef MUTANT_NO_RING
  skip
#else
  if :: (id) == LOOP_1 && alive[id] -> told = true :: else fi
#endif
}
#endif

#define WAKE_ALL 9
/* WakeAndRing, after Ring(box) when a grant was made. The party can die before each step. */
inline WakeAndRing() {
#if ASYNC && defined(BELLS)
  if :: rung -> atomic { Ring(rung); rung = 0 } :: else fi;
  atomic { rung = bell; bell = 0 };
  if :: rung -> atomic { Ring(rung); rung = 0 } :: else fi;
#endif
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

/* Semaphore::Give, up to its wakes. */
inline Give(n) {
  count = count + n;
  if
  :: (high & REQUESTED) && alive[boxed] ->
#if ASYNC && defined(BELLS)
    rung = boxed;
#endif
    count--; high = GRANTED | boxed; wake = WAKE_ALL
  :: (high & REQUESTED) && !alive[boxed] -> wake = ((high & WAITERS) -> n : 0); high = 0
  :: else -> wake = ((high & WAITERS) -> n : 0); high = high & ~WAITERS
  fi;
  CheckWord()
}

/* Semaphore::Withdraw, up to its wakes. */
inline Withdraw() {
#ifndef MUTANT_ABORT_KEEPS_GRANT
  if
  :: granted_to_me ->
    high = high & WAITERS;
#ifndef MUTANT_REVOKE_LOSES_UNIT
    count++
#endif
#ifndef MUTANT_KEEP_REQUEST
  :: my_request -> high = high & WAITERS
#endif
  :: else
  fi;
#endif
#ifndef MUTANT_NO_PASS_ON
  if
  :: count == 0 -> high = high | WAITERS
  :: count > 0 -> high = high & ~WAITERS; wake = 1
  fi;
#else
  if :: count > 0 -> high = high & ~WAITERS :: else fi;
#endif
  CheckWord()
}

/* Semaphore::PrepareSleep: set WAITERS, and from 1 ms of waiting (any time here) ask for the box, in one CAS. */
inline SetWaiters() {
  high = high | WAITERS;
  if
  :: (high & BOX) == 0 || ((high & REQUESTED) && boxed != me && !alive[boxed]) -> high = WAITERS | REQUESTED | me
  :: true
  fi;
  sampled = high;
  CheckWord()
}

/* SleepPlan::until_ns: 2 ms while a unit is GRANTED, else 50 ms. */
#if defined(BOUND_ANY)
#define bound_ends true
#elif defined(BOUND_IDLE)
#define bound_ends timeout
#elif defined(BOUND_SHORT)
#define bound_ends (sampled & GRANTED)
#else
#define bound_ends false
#endif
/* Waiter::SawGrantTooLong: the very same grant, 2 ms later. */
#define must_take (bound_over && granted_other && sampled == high)

/*
 * release() of one unit, the fast path first: no WAITERS, box empty. The plain back end changes the count alone, when it
 * has just seen `high` 0, and then looks at `high` again.
 */
#define plain_load  1
#define plain_count 2
inline Release() {
  assert(holds[me]);
  got = false; wake = 0;
#if defined(CONSUME)
  holds[me] = false; out--; made--
#else
#ifdef PLAIN
  if
  :: high == 0 -> plain = plain_load
  :: else -> holds[me] = false; out--; Give(1)
  fi
#else
  holds[me] = false; out--;
  if
  :: high == 0 -> count++; CheckWord()
  :: else -> Give(1)
  fi
#endif
#endif
}

#ifdef PLAIN
inline RaiseCount() {
  atomic {
    if
    :: plain == plain_load ->
      plain = plain_count; count++;
      if :: holds[me] -> holds[me] = false; out-- :: else -> made++ fi;
      CheckWord()
    :: else
    fi
  };
  atomic {                                                         /* Semaphore::Notify */
    if
    :: plain == plain_count && (high & WAITERS) && count > 0 -> high = high & ~WAITERS; wake = 1
    :: else
    fi;
    plain = 0
  }
}
#endif

/* acquireSync(), AcquireBlocking: with or without a timeout, chosen anew each time; then release(). */
proctype sync_thread(byte me) {
  byte sampled, round, wake;
  bool got, slept, has_timeout, bound_over;
#if ASYNC && defined(BELLS)
  byte rung;
#endif
#ifdef PLAIN
  byte plain;
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
    atomic { if :: count > 0 -> count--; Acquired(); goto critical :: else fi };   /* fast */

again:
    atomic {                                                       /* Attempt; PrepareSleep */
      if
      :: granted_to_me -> TakeBox(slept)
      :: is_free -> TakeUnit(slept)
      :: granted_other -> TakeBox(slept)                           /* its owner is dead, or after 2 ms */
      :: held && !grantee_dead && has_timeout -> goto give_up      /* the deadline may pass at any time */
      :: held && !grantee_dead && !must_take -> SetWaiters()
      fi;
      bound_over = false;
      if :: got -> sampled = 0; goto chain :: else fi
    };
    atomic {                                                       /* os::Wait: compare and sleep */
      slept = true;
      if
      :: high == sampled -> queued[me] = true
      :: else -> sampled = 0; goto again                           /* EAGAIN */
      fi
    };
    if
    :: atomic { woken[me] -> sampled = 0 }
    :: atomic { !woken[me] && has_timeout -> sampled = 0 }
    :: atomic { bound_ends && !woken[me] -> bound_over = true }
    fi;
    atomic { queued[me] = false; woken[me] = false; goto again };

give_up:
    atomic {
      Withdraw();
      if :: wake == 0 -> goto finished :: else fi
    };
    WakeAndRing();
    goto finished;

chain:
#ifdef MUTANT_NO_CHAIN
    wake = 0;
#endif
    atomic { if :: wake == 0 -> goto critical :: else fi };
    WakeAndRing();

critical:
    atomic {
      slept = false;
      Release();
#ifndef PLAIN
      if :: wake == 0 -> goto finished :: else fi
#endif
    };
#ifdef PLAIN
    RaiseCount();
#endif
    if :: wake -> WakeAndRing() :: else fi;

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
inline Poke() { woken[me] = true }

/* WaitGroup::Remove. The hub may sleep on the word for it, so it must give a wake back. */
inline Remove() {
#ifdef MUTANT_LEAVE_SILENTLY
  skip;
#elif defined(MUTANT_LEAVE_IF_WATCHING)
  if :: entry == WATCHING && !by_bell && planned -> left = true :: else fi;
#else
  if :: !by_bell && planned -> left = true :: else fi;
#endif
  Poke()
}

/*
 * acquire() in JS: ts/sync/wait-queue.ts, EnvState and WaitHub. Its steps interleave freely, so the event loop may be
 * busy for any time between two of them.
 */
proctype event_loop(byte me) {
  byte round, wake, sampled;
  bool got, abortable, claimed, tried;
#ifdef BELLS
  byte rung;
#endif
#ifdef PLAIN
  byte plain;
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
    atomic { if :: count > 0 -> count--; Acquired(); goto critical :: else fi };   /* fast */

arm:                                                               /* Arm, from WaitHub::Watch or Rearm */
    atomic {                                                       /* step 1 of bells.h: ClaimBell */
      mutex != HUBS;
      mutex = (entry == NONE -> 0 : LOOPS);
#ifdef BELLS
      if
      :: bell == 0 || bell == me || !alive[bell] -> bell = me; claimed = true
      :: else -> claimed = false
      fi
#endif
    };
    atomic {                                                       /* step 2: PrepareSleep */
      if
      :: is_free || granted_to_me || grantee_dead || (granted_other && expired) ->   /* kTryNow */
        claimed = false; mutex = 0;
        if
        :: entry == NONE -> entry = PARKED; by_bell = false; told = true; goto wait
        :: else -> entry = PARKED; goto try                     /* Rearm: again at once */
        fi
      :: held && !grantee_dead && !(granted_other && expired) ->
        SetWaiters(); sampled = 0; has_slept = true
      fi
    };
#ifdef BELLS
    atomic { if :: claimed && bell != me -> goto arm :: else fi }; /* step 3 */
#endif
    atomic {
      if :: mutex == LOOPS -> mutex = 0 :: else fi
    };
    atomic {                                                       /* Place, or WaitGroup::Watch */
      mutex != HUBS;
      if
      :: entry != NONE && by_bell != claimed -> Remove()     /* to another thread */
      :: else
      fi;
      entry = WATCHING; by_bell = claimed; claimed = false;
      Poke()
    };

wait:
    if
    :: atomic { told -> told = false; goto try }             /* rung, or the posted call runs */
    :: atomic { abortable -> goto cancel }                         /* abort, or the timer after its last try */
    :: atomic { abortable && !tried -> tried = true; goto try }   /* WaitQueue.#expire */
#ifdef JS_BLOCKS
    :: goto end_blocked
#endif
    fi;

try:
    atomic {                                                       /* WaitHub::Attempt */
      mutex != HUBS;
      mutex = 0;
      if
      :: granted_to_me -> TakeBox(has_slept)
      :: is_free -> TakeUnit(has_slept)
      :: grantee_dead || (granted_other && expired) -> TakeBox(has_slept)
      :: held && !grantee_dead && !(granted_other && expired)
      fi;
      expired = false;
#ifndef MUTANT_HUB_LOOKS_ON
      if :: got -> entry = PARKED :: else fi;   /* nothing more is wanted, so the hub must not ask for it */
#endif
      if
      :: !got -> goto arm
      :: got && wake -> mutex = LOOPS
      :: got && !wake -> goto acquired
      fi
    };
#ifdef MUTANT_NO_CHAIN
    wake = 0;
#else
    WakeAndRing();
#endif
    mutex = 0;
acquired:
    atomic { mutex != HUBS; Remove(); entry = NONE };        /* WaitHub::Cancel, no withdraw */
#ifdef BELLS
    atomic { if :: bell == me -> bell = 0 :: else fi };
#endif
    goto critical;

cancel:
    atomic { mutex != HUBS; Remove(); entry = NONE };        /* WaitHub::Cancel */
#ifdef BELLS
    atomic { if :: bell == me -> bell = 0 :: else fi };
#endif
    atomic {
      Withdraw();
      if :: wake == 0 -> goto finished :: else fi
    };
    WakeAndRing();
    goto finished;

critical:
    atomic {
      has_slept = false; planned = false;
      Release();
#ifndef PLAIN
      if :: wake == 0 -> goto finished :: else fi
#endif
    };
#ifdef PLAIN
    RaiseCount();
#endif
    if :: wake -> WakeAndRing() :: else fi;

finished:
    atomic {
      assert(boxed != me);
      has_slept = false; abortable = false; tried = false; expired = false; planned = false; by_bell = false;
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
  byte sampled, wake;
  bool bound_over, with_word;
#ifdef BELLS
  byte rung;
#endif
  {
    sampled = 0;
end_collect:
    if
    :: atomic {                                                    /* Collect: the removed ones first */
        mutex == 0 && woken[me] && left ->
        left = false; WakeOne(); goto end_collect
      }
    :: atomic {                                                    /* Look, Plan */
        mutex == 0 && woken[me] && !left ->
        woken[me] = false;
        if
        :: entry != WATCHING -> sampled = 0; bound_over = false; goto end_collect
#ifdef BELLS
        :: entry == WATCHING && by_bell && bell != me ->         /* HasLostBell: its ringer may have died */
          entry = POSTED; told = true
#endif
        :: entry == WATCHING && (is_free || granted_to_me || grantee_dead) ->
          entry = POSTED; told = true
        :: entry == WATCHING && granted_other && alive[boxed] ->        /* seen for 2 ms: at any time */
          entry = POSTED; told = true; expired = true
        :: entry == WATCHING && held && !grantee_dead && !must_take ->
          SetWaiters(); has_slept = true; planned = true
        fi;
        bound_over = false;
        if
        :: entry == WATCHING -> with_word = !by_bell
        :: else -> sampled = 0; goto end_collect
        fi
      }
#ifndef MUTANT_NO_EXPIRY
    :: atomic {                                                    /* no try within 2 ms (at any time here) */
        mutex == 0 && entry == POSTED ->
        Withdraw(); entry = PARKED;
        if :: wake == 0 -> goto end_collect :: else -> mutex = HUBS fi
      };
      WakeAndRing();
      atomic { mutex = 0; goto end_collect }
#endif
    fi;
    atomic {                                                       /* os::Wait on control word and word */
      if
      :: !woken[me] && (!with_word || high == sampled) -> queued[me] = with_word
      :: else -> woken[me] = true
      fi;
      with_word = false
    };
end_asleep:
    if
    :: atomic { woken[me] -> sampled = 0 }
    :: atomic { bound_ends && !woken[me] -> woken[me] = true; bound_over = true }
    fi;
    atomic { queued[me] = false; goto end_collect }
  } unless { !alive[me] }
}
#endif

#if PRODUCED
/* Anyone may release: units from a party that never acquires, one by one or release(2). */
proctype producer(byte me) {
  byte wake, produced;
#if ASYNC && defined(BELLS)
  byte rung;
#endif
#ifdef PLAIN
  byte plain;
#endif
  {
    produced = 0;
next_unit:
    atomic {
      if
      :: produced == PRODUCED -> goto done
      :: produced < PRODUCED ->
        produced++;
#ifdef PLAIN
        if :: high == 0 -> plain = plain_load :: else -> made++; Give(1) fi
#else
        made++;
        if :: high == 0 -> count++; CheckWord() :: else -> Give(1) fi
#endif
      :: produced + 2 <= PRODUCED -> produced = produced + 2; made = made + 2; Give(2)
      fi;
#ifndef PLAIN
      if :: wake == 0 -> goto next_unit :: else fi
#endif
    };
#ifdef PLAIN
    RaiseCount();
#endif
    if :: wake -> WakeAndRing() :: else fi;
    goto next_unit
  } unless { !alive[me] };
done:
  skip
}
#endif

#if DEATHS
/* SIGKILL of any party at any step. */
inline Kill(p) {
  alive[p] = false; deaths++;
  if :: p <= PARTIES -> queued[p] = false; woken[p] = false :: else fi;
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
    run event_loop(LOOP_1);
    run wait_hub(LOOP_1)
#endif
  }
}
