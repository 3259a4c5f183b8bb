/*
 * condition.pml: the tickets of a Condition, checked with SPIN. See README.md; run.sh runs every check. Comments name the
 * function of native/sync/condition.cc that a step mirrors.
 *
 * Party p has ticket p, so the order of tickets is the order in which the parties took their sequence. The lock is one
 * variable that the death of its owner frees (lock.pml is about it).
 *
 *   WAITERS    parties that wait once       PATIENT   no timeout and no abort; else party 1 may leave at any step
 *   NOTIFIERS  parties that notify one, ROUNDS times each
 *   DEATHS     how many may be killed, at any step
 *   BOUND      a sleeper looks, at its bound, when there is something to find: a grant of its own, or of the dead
 *   MUTANT_x   one rule broken; the checker must find it
 */
#ifndef WAITERS
#define WAITERS 2
#endif
#ifndef NOTIFIERS
#define NOTIFIERS 1
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#define PARTIES (WAITERS + NOTIFIERS)

#define FREE    0
#define WAITING 1
#define GRANTED 2

byte lock = 0;
byte state[WAITERS + 1]  = FREE;
byte holder[WAITERS + 1] = 0;       /* the id in the ticket */
byte number[WAITERS + 1] = 0;       /* the sequence in the ticket */
byte sequence = 0;                  /* of the object's state: changes with every step of Enter */
bool flag = false;                  /* WAITERS */
bool dead[PARTIES + 1]   = false;
bool queued[WAITERS + 1] = false;
bool woken[WAITERS + 1]  = false;
byte deaths = 0;

/* What the properties need; no party reads these. */
bool entered[WAITERS + 1] = false;
short owed = 0;                     /* grants that nobody has used yet */

inline MayDie() {
  if
  :: atomic { deaths < DEATHS -> deaths++; dead[me] = true; if :: lock == me -> lock = 0 :: else fi; goto gone }
  :: true
  fi
}

#define is_waiting(t) (state[t] == WAITING && !dead[holder[t]])
#define is_lost(t)    (state[t] == GRANTED && dead[holder[t]])

/* The oldest living one that waits, into `next`; 0 when there is none. */
inline Oldest() {
  next = 0; t = 1;
  do
  :: t <= WAITERS ->
    if :: is_waiting(t) && (next == 0 || number[t] < number[next]) -> next = t :: else fi;
    t++
  :: else -> break
  od
}

/* GrantOldest(1): the CAS, and then the wake; between the two its party may die. `fresh`: a notify's own. */
inline GrantOldest(fresh) {
  atomic {
    Oldest();
    if
    :: next != 0 -> state[next] = GRANTED; if :: fresh -> owed++ :: else fi
    :: else -> if :: fresh :: else -> owed-- fi             /* nobody is there to use it */
    fi
  };
  MayDie();
#ifndef MUTANT_NO_WAKE
  atomic { if :: next != 0 && queued[next] -> woken[next] = true :: else fi; next = 0 }
#endif
}

/* TakeFromDead, GrantOldest, Free: what was granted to the dead goes on. */
inline PassOn() {
  atomic {
    taken = 0; t = 1;
    do
    :: t <= WAITERS -> if :: is_lost(t) && taken == 0 -> taken = t; holder[t] = me :: else fi; t++
    :: else -> break
    od
  };
  if
  :: taken != 0 ->
    MayDie();
#ifdef MUTANT_FREE_FIRST
    atomic { state[taken] = FREE; holder[taken] = 0 };
    MayDie();
    GrantOldest(false)
#else
    GrantOldest(false);
    MayDie();
    atomic { state[taken] = FREE; holder[taken] = 0 }
#endif
  :: else
  fi
}

/* DropWaiters: a, b, c of the table in condition.h. */
inline DropWaiters() {
  seen = sequence;
  atomic { Oldest() };
  MayDie();
#ifdef MUTANT_DROP_BLINDLY
  atomic { if :: next == 0 -> flag = false :: else fi }
#else
  atomic { if :: next == 0 && seen == sequence -> flag = false :: else fi }
#endif
}

#ifdef MUTANT_NO_LOOK
#define bound_ends (state[me] == GRANTED)
#elif defined(BOUND)
#define bound_ends (state[me] == GRANTED || is_lost(1) || is_lost(WAITERS) || (WAITERS > 2 && is_lost(2)))
#else
#define bound_ends false
#endif

proctype waiter(byte me) {
  byte t, next, taken, seen;
  bool left;
  atomic { lock == 0 -> lock = me };
  MayDie();
  atomic { sequence++; number[me] = sequence };              /* Enter, 1 to 3 */
  MayDie();
  atomic { state[me] = WAITING; holder[me] = me };
  MayDie();
  atomic { sequence++; flag = true; entered[me] = true };
  MayDie();
  lock = 0;
look:
  MayDie();
  if
  :: state[me] == GRANTED -> goto granted
  :: state[me] == WAITING -> skip
#ifndef PATIENT
  :: atomic { me == 1 && state[me] == WAITING -> state[me] = FREE; holder[me] = 0; entered[me] = false };
     left = true; goto over                                 /* Abandon */
#endif
  fi;
#ifndef MUTANT_NO_LOOK
  PassOn();                                                  /* PrepareSleep, LookForDead */
#endif
  atomic {
    if
    :: state[me] == WAITING -> queued[me] = true; woken[me] = false
    :: else -> goto look
    fi
  };
end_asleep:
  if
  :: atomic { woken[me] || bound_ends -> queued[me] = false }
#ifndef PATIENT
  :: atomic { me == 1 && queued[me] -> queued[me] = false }; /* the timeout: a last look */
     if
     :: atomic { state[me] == WAITING -> state[me] = FREE; holder[me] = 0; entered[me] = false }
     :: else ->
       atomic { entered[me] = false };
#ifdef MUTANT_KEEP_GRANT
       atomic { state[me] = FREE; holder[me] = 0 }
#else
       GrantOldest(false);
       MayDie();
       atomic { state[me] = FREE; holder[me] = 0 }
#endif
     fi;
     left = true; goto over
#endif
  fi;
  goto look;
granted:
  skip;
over:
  DropWaiters();
  MayDie();
  atomic { lock == 0 -> lock = me };
  MayDie();
  if
  :: !left -> atomic { state[me] = FREE; holder[me] = 0; owed--; entered[me] = false }; DropWaiters()
  :: else
  fi;
  lock = 0;
gone: skip
}

proctype notifier(byte me) {
  byte t, next, taken, seen, round;
  round = 0;
  do
  :: round < ROUNDS ->
    atomic { lock == 0 -> lock = me };
    MayDie();
    /* Under the lock a living one that has entered is never overlooked: notify's only look is the flag. */
    atomic {
      t = 1;
      do :: t <= WAITERS -> assert(!(entered[t] && is_waiting(t)) || flag); t++ :: else -> break od;
      t = 0
    };
    if
    :: flag -> PassOn(); GrantOldest(true); MayDie(); DropWaiters()
    :: else
    fi;
    MayDie();
    lock = 0;
    round++
  :: else -> break
  od;
gone: skip
}

/* When nothing can move any more: no grant rests unused while a living one waits, and nobody sleeps beside its own. */
active proctype monitor() {
  byte p;
  bool somebody_waits;
end:
  timeout;
  p = 1;
  do
  :: p <= WAITERS ->
    if :: is_waiting(p) -> somebody_waits = true :: else fi;
    assert(!(state[p] == GRANTED && holder[p] == p && !dead[p]));
    p++
  :: else -> break
  od;
  assert(!somebody_waits || owed <= 0)
}

init {
  byte p;
  atomic {
    p = 1;
    do :: p <= WAITERS -> run waiter(p); p++ :: else -> break od;
    do :: p <= PARTIES -> run notifier(p); p++ :: else -> break od
  }
}
