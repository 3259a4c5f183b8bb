/*
 * event.pml: the Event word, its sleepers and an event loop, checked with SPIN. See README.md; run.sh runs every check.
 * Comments name the function of native/sync that a step mirrors.
 *
 * A load and the CAS that succeeds on it are one atomic step. The CAS of Set and its wakes are steps of their own, and so
 * are "set WAITERS" and "sleep": there a party can be overtaken or die.
 *
 *   WAITERS   threads that wait, each sleeping on the word      LOOP   and one event loop that has the bell
 *   SETTERS   threads that set and then clear at once, ROUNDS times
 *   DEATHS    how many setters may be killed                    BOUND  a sleep ends by its bound when the word has changed
 *                                                                      (a look that finds it unchanged changes nothing)
 *   MUTANT_x  one rule broken; the checker must find it
 */
#ifndef WAITERS
#define WAITERS 2
#endif
#ifndef SETTERS
#define SETTERS 1
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifdef LOOP
#define PARTIES (WAITERS + 1)
#else
#define PARTIES WAITERS
#endif

byte sequence = 0;                 /* odd: set */
bool waiters  = false;
bool queued[PARTIES + 1] = false;  /* in the kernel's queue of the word */
bool woken[PARTIES + 1]  = false;
bool done[PARTIES + 1]   = false;  /* its wait is over */
bool begun[PARTIES + 1]  = false;
byte since[PARTIES + 1]  = 0;
byte bell = 0, deaths = 0, alive_setters = SETTERS;
bool told = false;

/* Event::IsOver. */
#ifdef MUTANT_FLAG_ONLY
#define is_over(p) ((sequence & 1) == 1)
#else
#define is_over(p) ((sequence & 1) == 1 || sequence != since[p])
#endif
#define must_be_over(p) ((sequence & 1) == 1 || sequence != since[p])

#ifdef BOUND
#define bound_ends (sequence != sampled)
#else
#define bound_ends false
#endif

#define CheckWord() assert(!waiters || (sequence & 1) == 0)

/* Event::Wait, AcquireBlocking. */
proctype waiter(byte me) {
  byte sampled;
  atomic { since[me] = sequence; begun[me] = true };
look:
  if
  :: atomic { is_over(me) -> done[me] = true }; goto end
  :: atomic {                                             /* PrepareSleep */
       !is_over(me) -> waiters = true; sampled = sequence; CheckWord()
     }
  fi;
  atomic {                                                /* os::Wait compares, then sleeps */
    if
    :: sequence == sampled && waiters -> queued[me] = true; woken[me] = false
    :: else -> goto look
    fi
  };
end_asleep:
  atomic { woken[me] || bound_ends -> queued[me] = false; sampled = 0 };
  goto look;
end: skip
}

#ifdef LOOP
/* ts/sync/event-queue.ts with sync/bells.h, steps 1 to 3. */
proctype event_loop(byte me) {
  atomic { since[me] = sequence; begun[me] = true };
arm:
  bell = me;
  atomic {
    if
    :: is_over(me) -> done[me] = true; goto end
    :: else -> waiters = true; CheckWord()
    fi
  };
  if :: bell != me -> goto arm :: else fi;
end_idle:
  atomic { told -> told = false };
  goto arm;
end:
  bell = 0
}
#endif

/* Event::Set, then Event::Clear. */
proctype setter() {
  byte round, rung;
  bool wake;
  round = 0;
  do
  :: round < ROUNDS ->
    atomic {
      wake = false;
      if
      :: (sequence & 1) == 0 ->
#ifdef MUTANT_NO_WAKE
        wake = false;
#else
        wake = waiters;
#endif
        sequence++;
#ifndef MUTANT_KEEP_WAITERS
        waiters = false
#endif
      :: else
      fi;
      CheckWord()
    };
    if                                                     /* killed after it has set */
    :: atomic { deaths < DEATHS -> deaths++; alive_setters--; goto end }
    :: true
    fi;
    if
    :: wake ->
      atomic { rung = bell; bell = 0 };
      if
      :: atomic { deaths < DEATHS -> deaths++; alive_setters--; goto end }
      :: true
      fi;
      if :: rung != 0 -> told = true :: else fi;
      atomic {
        byte p;
        p = 1;
        do
        :: p <= PARTIES -> if :: queued[p] -> woken[p] = true :: else fi; p++
        :: else -> break
        od
      }
    :: else
    fi;
    atomic { if :: (sequence & 1) == 1 -> sequence++ :: else fi; CheckWord() };
    round++
  :: else -> break
  od;
end: skip
}

/* When nothing can move any more, nobody sleeps who was let go. */
active proctype monitor() {
  byte p;
end:
  timeout;
  p = 1;
  do
  :: p <= PARTIES -> assert(!begun[p] || done[p] || !must_be_over(p)); p++
  :: else -> break
  od
}

init {
  byte p;
  atomic {
    p = 1;
    do :: p <= WAITERS -> run waiter(p); p++ :: else -> break od;
#ifdef LOOP
    run event_loop(WAITERS + 1);
#endif
    p = 0;
    do :: p < SETTERS -> run setter(); p++ :: else -> break od
  }
}
