/*
 * Barrier (native/sync/barrier.h): USERS threads pass a barrier of PARTIES again and again; there are timeouts, aborts
 * and resets by another process (STRANGER steps), an action, and deaths. Names are those of the code.
 *
 * The state is one word here too: a load, and a compare-and-swap that fails unless the word is as it was seen.
 *   st = round + 16 × arrived + 64 × (BROKEN 1, FULL 2, ACTING 4, WAITERS 8) + 1024 × resets
 *
 * Sleeping: compare and sleep are one step, a wake is for all. With BOUND two sleeps of a wait may end by their bound, after
 * the deaths. Notes are
 * kept of KEPT resets.
 */
#ifndef PARTIES
#define PARTIES 2
#endif
#ifndef USERS
#define USERS 2
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif
#ifndef STRANGER
#define STRANGER 0
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef KEPT
#define KEPT 2
#endif

#define BROKEN 64
#define FULL 128
#define ACTING 256
#define WAITERS 512
#define Round(s) ((s) & 15)
#define Arrived(s) (((s) >> 4) & 3)
#define Resets(s) ((s) >> 10)
#define Low(s) (((s) & 15) | ((s) & (BROKEN | FULL | ACTING | WAITERS)))
#define Next(s, r) (((Round(s) + 1) & 15) | ((r) << 10))

int st;
byte arrival_id[PARTIES];
byte arrival_round[PARTIES];
byte note[KEPT];
bool asleep[USERS + 1];
bool alive[USERS + 1] = true;
byte deaths;

/* What really happened to each round. */
mtype = { open_, completed, reset_ };
mtype became[16] = open_;
byte counted[16];             /* bit i: somebody got index i */
byte came[16];
byte acted[16];
byte done;                    /* users that will not come again */

inline WakeAll() { asleep[1] = false; asleep[2] = false;
#if USERS > 2
  asleep[3] = false;
#endif
}

#define Claimed(i, r) (arrival_id[i] != 0 && arrival_round[i] == (r))
#define DeadAt(i, r) (Claimed(i, r) && !alive[arrival_id[i]])
#define LastIndex (PARTIES - 1)
#ifdef MUTANT_COUNTED_ONLY
#define Looked(s, i) ((i) < Arrived(s))
#else
#define Looked(s, i) ((i) <= Arrived(s))
#endif
/* Whether the round must break, whoever looks. */
#if PARTIES == 2
#define DeadInside(s) (DeadAt(0, Round(s)) || (Arrived(s) >= 1 && DeadAt(1, Round(s))))
#else
#define DeadInside(s) (DeadAt(0, Round(s)) || (Arrived(s) >= 1 && DeadAt(1, Round(s))) || \
                       (Arrived(s) >= 2 && DeadAt(2, Round(s))))
#endif
#if PARTIES == 2
#define DeadParty(s) ((Looked(s, 0) && DeadAt(0, Round(s))) || (Looked(s, 1) && DeadAt(1, Round(s))))
#else
#define DeadParty(s) ((Looked(s, 0) && DeadAt(0, Round(s))) || (Looked(s, 1) && DeadAt(1, Round(s))) || \
                      (Looked(s, 2) && DeadAt(2, Round(s))))
#endif

/* CountIn: from the word as it was seen. The wake is a step of its own. */
inline CountIn() {
  atomic {
    woke = false;
    if
    :: st == seen ->
      if
      :: Arrived(seen) < LastIndex -> st = st + 16
      :: else ->
#ifdef ACTION
        st = ((st + 16) & ~WAITERS) | FULL;
#else
        became[Round(st)] = completed; st = Next(st, Resets(st));
#endif
        woke = (seen & WAITERS) != 0
      fi
    :: else
    fi
  };
#ifndef MUTANT_SILENT
  if :: woke -> WakeAll() :: else fi;
#endif
  woke = false
}

/* Break, of one round. */
inline Break(which) {
  atomic {
    woke = false;
    if
#ifdef MUTANT_BREAK_ANY
    :: !(st & BROKEN) ->
#else
    :: Round(st) == (which) && !(st & BROKEN) ->
#endif
      assert(became[which] == open_);
      woke = (st & WAITERS) != 0; st = (st | BROKEN) & ~WAITERS
    :: else
    fi
  };
  if :: woke -> WakeAll() :: else fi;
  woke = false
}

#define WorthALook(s) (((s) & BROKEN) || (!inside && !((s) & FULL)) || (inside && Round(s) != round) || \
                       (inside && ((s) & FULL) && !((s) & ACTING)))

proctype user(byte me) {
  int seen;
  byte rounds, round, index, resets, ended, since, was_id, was_round, bounds;
  bool inside, woke, slept;
  {
    rounds = ROUNDS;
again:
    if :: rounds == 0 -> goto over :: else -> rounds-- fi;
    inside = false; slept = false; bounds = 2;
arrive:
    seen = st;
    if
    :: seen & BROKEN -> goto next
    :: !(seen & BROKEN) && (seen & FULL) -> goto pause
    :: else
    fi;
    round = Round(seen); index = Arrived(seen); resets = Resets(seen);
#ifdef MUTANT_COUNT_FIRST
    atomic { if :: st == seen -> skip :: else -> goto arrive fi };
    CountIn();
    inside = true;
    arrival_id[index] = me; arrival_round[index] = round;
#else
    atomic { was_id = arrival_id[index]; was_round = arrival_round[index] };
#ifndef MUTANT_CLAIM_BLINDLY
    if
    :: Round(st) == round && Arrived(st) == index
    :: else -> goto arrive
    fi;
#endif
    if
    :: was_id != 0 && was_round == round -> CountIn(); goto arrive
    :: else
    fi;
    atomic {                                                  /* Claim: a compare-and-swap */
      if
      :: arrival_id[index] == was_id && arrival_round[index] == was_round ->
         arrival_id[index] = me; arrival_round[index] = round; inside = true
      :: else -> goto arrive
      fi
    };
    do
    :: seen = st;
       if
       :: Round(seen) == round && Arrived(seen) == index && !(seen & BROKEN) -> CountIn()
       :: else -> break
       fi
    od;
#endif

look:
    seen = st;
    if
    :: Round(seen) != round ->
      ended = note[resets % KEPT];
      since = Resets(st) - resets;
      if
      :: since == 0 -> goto passed
      :: since >= KEPT -> goto next                            /* cannot know: broken */
      :: since > 0 && since < KEPT && ended == round + 1 -> assert(became[round] == reset_); goto next
      :: else -> goto passed
      fi
    :: Round(seen) == round && (seen & BROKEN) -> goto next
    :: Round(seen) == round && !(seen & BROKEN) && (seen & FULL) && !(seen & ACTING) ->
      atomic { if :: st == seen -> st = st | ACTING; acted[round]++ :: else -> goto look fi };
      assert(acted[round] == 1);
      if
      :: Break(round); goto next                               /* the action failed */
      :: skip
      fi;
complete:
      seen = st;
      if
      :: Round(seen) == round && (seen & ACTING) && !(seen & BROKEN) ->
        atomic {
          if
          :: st == seen ->
            became[round] = completed; woke = (st & WAITERS) != 0; st = Next(st, Resets(st))
          :: else -> goto complete
          fi
        };
        if :: woke -> WakeAll() :: else fi;
        woke = false;
        goto passed
      :: else -> goto next
      fi
    :: else
    fi;

pause:                                                         /* PrepareSleep */
    seen = st;
    if
    :: WorthALook(seen) -> if :: inside -> goto look :: else -> goto arrive fi
    :: else
    fi;
#if DEATHS
    if
    :: slept && DeadParty(seen) -> Break(Round(seen)); goto pause
    :: !(slept && DeadParty(seen))
    fi;
#endif
    if
    :: seen & WAITERS
    :: else -> atomic { if :: st == seen -> st = st | WAITERS; seen = st :: else -> goto pause fi }
    fi;
    atomic { if :: Low(st) == Low(seen) -> asleep[me] = true :: else -> slept = true; goto pause fi };
    if
    :: !asleep[me]
    /* The others will not come: it waits for ever, rightly. */
    :: atomic {
         asleep[me] && done + deaths > USERS - PARTIES && inside && Round(st) == round &&
         !(st & (BROKEN | FULL)) && !DeadInside(st) -> goto over
       }
#ifdef BOUND
    :: atomic { asleep[me] && bounds > 0 && deaths == DEATHS -> asleep[me] = false; bounds-- }
#endif
#ifdef TIMEOUTS
    :: atomic { asleep[me] -> asleep[me] = false };
       if
       :: inside -> Break(round); goto look
       :: else -> seen = st; Break(Round(seen)); goto next
       fi
#endif
    fi;
    slept = true;
    goto pause;

passed:
    atomic {
      assert(became[round] == completed);
      assert(!(counted[round] & (1 << index)));
      counted[round] = counted[round] | (1 << index);
#ifdef ACTION
      assert(acted[round] == 1)
#endif
    };
next:
    goto again;
over:
    done++
  } unless { !alive[me] }
}

#if STRANGER
/* Another process, which only aborts and resets. */
proctype stranger() {
  int seen;
  byte steps, earlier;
  bool woke;
  steps = STRANGER;
  do
  :: steps == 0 -> break
  :: else ->
    steps--;
    if
    :: seen = st; Break(Round(seen))
    :: true ->
reset:
      seen = st;
      if
      :: !(seen & BROKEN) && Arrived(seen) == 0
      :: !(seen & BROKEN) && Arrived(seen) != 0 -> Break(Round(seen)); goto reset
      :: seen & BROKEN ->
#ifndef MUTANT_NOTE_AFTER
        note[Resets(seen) % KEPT] = Round(seen) + 1;
#endif
        atomic {
          if
          :: st == seen -> became[Round(st)] = reset_; st = Next(st, Resets(st) + 1)
          :: else -> goto reset
          fi
        };
#ifdef MUTANT_NOTE_AFTER
        note[Resets(seen) % KEPT] = Round(seen) + 1
#endif
      fi
    fi
  od
}
#endif

#if DEATHS
proctype killer() {
end_kill:
  do
  :: atomic { deaths < DEATHS && alive[1] -> alive[1] = false; asleep[1] = false; deaths++ }
  :: atomic { deaths < DEATHS && alive[2] -> alive[2] = false; asleep[2] = false; deaths++ }
  :: break
  od
}
#endif

init {
  atomic {
    run user(1);
    run user(2);
#if USERS > 2
    run user(3);
#endif
#if STRANGER
    run stranger();
#endif
#if DEATHS
    run killer();
#endif
  }
}
