/*
 * ring.pml: how those sleep that find a ring empty or full, who wakes them, and how it ends, checked with SPIN. See
 * README.md; run.sh runs every check. Comments name the function of native/sync that a step mirrors.
 *
 * The ring has room for ROOM messages. A side's lock is had by one party, and taken over from a dead one; sleeping for
 * it is lock.pml. Records and chunks are ring-chunks.pml: here they are counts.
 *
 *   PUTTERS, GETTERS  parties; each putter for ROUNDS messages, getters until the ring was shut down and is empty
 *   CLOSER            the ring is shut down at any time; else once nothing is left to put or to get
 *   TAKES             so many messages each getter takes at most
 *   LATE              so many getters may give up a wait, and are seen no more
 *   DEATHS            how many may be killed after any step
 *   BOUND             a sleep ends by itself once nothing else can move
 *   MUTANT_x          one rule broken; the checker must find it
 */
#ifndef PUTTERS
#define PUTTERS 2
#endif
#ifndef GETTERS
#define GETTERS 2
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif
#ifndef ROOM
#define ROOM 1
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef TAKES
#define TAKES 9
#endif
#ifndef LATE
#define LATE 0
#endif
#define PARTIES (PUTTERS + GETTERS)
#define IsGetter (me > PUTTERS)

bool alive[PARTIES + 1] = true;
byte deaths = 0, getters_dead = 0, late = 0;
byte owner[2] = 0;                  /* of the putters' lock, of the getters' */
byte wait[2] = 0;                   /* putters_wait, getters_wait: 0, or 1 + the mark that was seen */
byte mark[2] = 0;                   /* tail, head */
bool shut = false;
byte acknowledged = 0, taken = 0, in_hand = 0, over = 0;
bool asleep[PARTIES + 1] = false;

#define tail mark[0]
#define head mark[1]
#define Spared (IsGetter && getters_dead == GETTERS - 1)
#if DEATHS > 0
#define Kill if :: atomic { deaths < DEATHS && !Spared -> deaths++; alive[me] = false; \
  if :: IsGetter -> getters_dead++ :: else fi; goto dead } :: true fi;
#else
#define Kill
#endif

/* A futex wakes one of those that sleep at it; a side's sleepers are at one. */
inline Wake(getters) {
  atomic {
    if
    :: !getters && asleep[1] -> asleep[1] = false
#if PUTTERS > 1
    :: !getters && asleep[2] -> asleep[2] = false
#endif
    :: getters && asleep[PUTTERS + 1] -> asleep[PUTTERS + 1] = false
#if GETTERS > 1
    :: getters && asleep[PUTTERS + 2] -> asleep[PUTTERS + 2] = false
#endif
    :: else -> skip
    fi
  }
}

/* Announce, of one who saw the other side's mark so. */
inline Announce(value) {
#ifdef MUTANT_ANNOUNCE_LATE
  wait[side] = value;
#else
  flag = wait[side];
  do
  :: flag != 0 && flag >= value -> break
  :: else ->
    Kill
    atomic { if :: wait[side] == flag -> wait[side] = value; flag = value :: else -> flag = wait[side] fi }
  od;
#endif
  flag = 0
}

/* WakeIfAnnounced: of the other side. */
inline WakeOther(other) {
  flag = wait[other];
  do
  :: flag == 0 -> break
  :: else ->
    Kill
#ifndef MUTANT_CLEAR_ANY
    seen = mark[1 - (other)] + 1;
    if :: flag >= seen -> break :: else fi;
    Kill
#endif
    atomic { if :: wait[other] == flag -> wait[other] = 0; announced = true :: else -> flag = wait[other] fi };
    if :: announced -> Kill Wake(other); break :: else fi
  od;
  announced = false; flag = 0; seen = 0
}

#define ItemsLeft (head != tail)
#define HasRoom (tail - head < ROOM)
#define IsReady ((IsGetter && ItemsLeft) || (!IsGetter && HasRoom) || shut)

proctype party(byte me) {
  byte side, seen, round, flag;
  bool slept, announced, was_shut, is_over;
  side = (IsGetter -> 1 : 0);
  do
  :: is_over || (!IsGetter && round == ROUNDS) || (IsGetter && round == TAKES) -> break
  :: else ->
    atomic { (owner[side] == 0 || !alive[owner[side]]) -> owner[side] = me };
    Kill
#ifdef MUTANT_FLAGS_LATE
    seen = tail;                                           /* PrepareRecord */
    was_shut = shut;
#else
    was_shut = shut;                                       /* PrepareRecord, PrepareRoom */
    seen = tail;
#endif
    if
    :: (IsGetter && seen != head) || (!IsGetter && !was_shut && HasRoom) ->
      if
      :: slept ->                                          /* RingWait::Attempt */
        seen = mark[1 - side] + 1;
        Announce(seen);
        Kill
        if
        :: (IsGetter && tail - head > 1) || (!IsGetter && ROOM - (tail - head) > 1) -> Wake(side)
        :: else
        fi
      :: else
      fi;
      slept = false;
      Kill
#ifdef MUTANT_WAKE_FIRST
      WakeOther(1 - side);
#endif
      atomic {                                             /* EndPut, EndGet */
        mark[side]++;
        round++;
        if :: IsGetter -> in_hand++ :: else -> acknowledged++ fi
      };
      Kill
      owner[side] = 0;
      if :: IsGetter -> atomic { in_hand--; taken++ } :: else fi;
      Kill
#ifndef MUTANT_WAKE_FIRST
#ifndef MUTANT_NO_WAKE
      WakeOther(1 - side)
#endif
#endif
    :: else ->
      owner[side] = 0;
      Kill
      if
      :: was_shut -> is_over = true
      :: else ->
        seen = mark[1 - side];                             /* RingWait::PrepareSleep */
        was_shut = shut;
        Announce(seen + 1);
        Kill
#ifndef MUTANT_NO_LOOK
        if :: IsReady -> goto awake :: else fi;
        Kill
#endif
        slept = true;
        atomic {
          if
          :: mark[1 - side] == seen && shut == was_shut -> asleep[me] = true
          :: else -> skip
          fi
        };
        if
        :: !asleep[me] -> skip
#ifdef BOUND
        :: timeout -> asleep[me] = false
#endif
        :: atomic { IsGetter && late < LATE -> late++; asleep[me] = false };
          seen = mark[1 - side] + 1;                       /* RingWait::Withdraw */
          Announce(seen);
          Kill
          if :: IsReady -> Wake(side) :: else fi;
          is_over = true
#if DEATHS > 0
        :: atomic { deaths < DEATHS && !Spared -> deaths++; alive[me] = false; asleep[me] = false;
             if :: IsGetter -> getters_dead++ :: else fi; goto dead }
#endif
        fi;
awake:
        skip
      fi;
    fi;
    atomic { seen = 0; was_shut = false }
  od;
dead:
  atomic { side = 0; seen = 0; round = 0; slept = false; flag = 0; announced = false; was_shut = false;
    is_over = false; over++ }
}

/* ShutDown: under the putters' lock. Whoever does it is not killed. */
active proctype closer() {
  atomic {
#ifndef CLOSER
    (over >= PUTTERS && tail == head) ->
#endif
    (owner[0] == 0 || !alive[owner[0]]) -> shut = true
  };
  atomic { wait[0] = 0; asleep[1] = false; asleep[PUTTERS] = false };
  atomic { wait[1] = 0; asleep[PUTTERS + 1] = false; asleep[PARTIES] = false }
}

/* When all is over: what was acknowledged is taken, or was in the hand of who was killed. */
active proctype monitor() {
  (over == PARTIES && shut);
  assert(tail == head);
  assert(acknowledged == taken + in_hand && in_hand <= getters_dead)
}

init {
  byte p = 1;
  atomic { do :: p <= PARTIES -> run party(p); p++ :: else -> break od }
}
