/*
 * ring_chunks.pml: how a ring grows and gives chunks back, with the death of anybody after any step, checked with SPIN.
 * See README.md; run.sh runs every check. Comments name the function of native/sync that a step mirrors.
 *
 * Each chunk has room for one message, so every put but the first grows the ring and every get but the last leaves a
 * chunk. Who has a side's lock has it alone: lock.pml is about that. Who finds its side empty or full waits here until it
 * is not: ring.pml is about that. A victim is replaced by nobody; those that live take its lock over and mend.
 *
 *   PUTTERS, GETTERS  parties, each for ROUNDS messages      DEATHS    how many of them may be killed
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
#ifndef DEATHS
#define DEATHS 1
#endif
#define PARTIES (PUTTERS + GETTERS)
#define CHUNKS 5                    /* chunk 0 is none, chunk 1 is a part of the ring */
#define MESSAGES 8

bool alive[PARTIES + 1] = true;
byte deaths = 0, over = 0;
byte put_owner = 0, get_owner = 0;
byte tail = 0, head = 0;            /* messages that were put, and taken */
byte chunk_of[MESSAGES + 1];        /* where each message was written */

bool there[CHUNKS] = false;
byte serial[CHUNKS] = 0, next_of[CHUNKS] = 0, end_of[CHUNKS] = 0;
byte first_of[CHUNKS] = 0;
byte serials = 0;
byte put_chunk = 1, get_chunk = 1;
byte growing = 0, growing_serial = 0, retired = 0, retired_serial = 0;

#define Kill(side) if :: atomic { deaths < DEATHS -> deaths++; alive[me] = false; goto dead } :: true fi

/* FreeChunk, under the allocator's lock. */
inline FreeChunk(c, s) {
  if
  :: c <= 1 -> skip
#ifdef MUTANT_NO_SERIAL
  :: c > 1 && there[c] -> there[c] = false
  :: c > 1 && !there[c] -> skip
#else
  :: c > 1 && there[c] && serial[c] == s -> there[c] = false
  :: c > 1 && !(there[c] && serial[c] == s) -> skip
#endif
  fi
}

/* MendPut. */
inline MendPut() {
  assert(there[put_chunk]);
  if :: next_of[put_chunk] != 0 -> put_chunk = next_of[put_chunk] :: else fi;
  if
  :: growing != 0 ->
    if :: growing != put_chunk -> FreeChunk(growing, growing_serial) :: else fi;
    growing = 0
  :: else
  fi
}

/* MendGet. */
inline MendGet() {
  if :: retired == get_chunk -> retired = 0 :: else fi;
  if :: retired != 0 -> FreeChunk(retired, retired_serial); retired = 0 :: else fi
}

proctype putter(byte me) {
  byte round, made, old;
  do
  :: round < ROUNDS ->
    atomic {
      (put_owner == 0 || !alive[put_owner]) ->
      if :: put_owner != 0 -> MendPut() :: else fi;
      put_owner = me;
      old = put_chunk; made = 0
    };
    Kill();
    assert(there[old]);
    if
    :: tail != first_of[old] ->                            /* full: Grow */
      atomic {                                             /* MakeChunk: Find, Prepare */
        made = 2;
        do :: made < CHUNKS && there[made] -> made++ :: else -> break od;
        assert(made < CHUNKS);
        serials++; serial[made] = serials; next_of[made] = 0; end_of[made] = 0; first_of[made] = tail
      };
#ifdef MUTANT_GROWING_LATE
      there[made] = true;
      Kill();
      growing_serial = serial[made]; growing = made;
#else
      growing_serial = serial[made];
      Kill();
      growing = made;
      Kill();
      there[made] = true;
#endif
      Kill();
      end_of[old] = tail;
      Kill();
      next_of[old] = made;
      Kill();
      put_chunk = made;                                    /* UseChunk */
      Kill();
      growing = 0
    :: else
    fi;
    Kill();
    assert(there[put_chunk]);
    chunk_of[tail] = put_chunk;                            /* the record, where nobody looks */
    Kill();
    tail++;                                                /* EndPut */
    Kill();
    put_owner = 0;
    round++;
    made = 0; old = 0
  :: else -> break
  od;
dead:
  over++
}

proctype getter(byte me) {
  byte round, left, next;
  do
  :: round < ROUNDS ->
    atomic {
      (tail > head || over >= PUTTERS) && (get_owner == 0 || !alive[get_owner]) ->
      if :: get_owner != 0 -> MendGet() :: else fi;
      get_owner = me
    };
    if :: tail == head -> get_owner = 0; break :: else fi;
look:                                                      /* PrepareRecord */
    Kill();
    assert(there[get_chunk]);
    next = next_of[get_chunk];
    if
    :: next != 0 && end_of[get_chunk] == head ->           /* LeaveChunk */
      left = get_chunk;
#ifdef MUTANT_FREE_FIRST
      retired_serial = serial[left]; retired = left;
      FreeChunk(left, serial[left]);
      Kill();
#else
#ifndef MUTANT_RETIRE_LATE
      retired_serial = serial[left];
      Kill();
      retired = left;
      Kill();
#endif
#endif
#ifndef MUTANT_NO_HELP
      atomic { if :: put_chunk == left -> put_chunk = next :: else fi };
      Kill();
#endif
      get_chunk = next;                                    /* ReadFrom */
      Kill();
#ifdef MUTANT_RETIRE_LATE
      retired_serial = serial[left]; retired = left;
#endif
#ifndef MUTANT_FREE_FIRST
      atomic { FreeChunk(retired, retired_serial) };
#endif
      Kill();
      retired = 0;
      left = 0;
      goto look
    :: else
    fi;
    assert(chunk_of[head] == get_chunk && there[get_chunk]);
    Kill();
    head++;                                                /* EndGet */
    Kill();
    get_owner = 0;
    round++;
    next = 0
  :: else -> break
  od;
dead: skip
}

/* When all is over, a chunk that is there is in the chain, or whoever mends finds it. */
active proctype monitor() {
  byte c, found;
end:
  timeout;
  atomic {
    c = get_chunk;
    do
    :: c != 0 -> assert(there[c]); found++; c = next_of[c]
    :: else -> break
    od;
    if :: growing > 1 && growing != put_chunk && next_of[put_chunk] != growing && there[growing]
          && serial[growing] == growing_serial -> found++ :: else fi;
    if :: retired > 1 && retired != get_chunk && there[retired] && serial[retired] == retired_serial -> found++
       :: else fi;
    c = 1;
    do
    :: c < CHUNKS -> if :: there[c] && c != 1 -> assert(found > 0); found-- :: else fi; c++
    :: else -> break
    od
  }
}

init {
  byte p;
  atomic {
    there[1] = true;
    p = 1;
    do :: p <= PUTTERS -> run putter(p); p++ :: else -> break od;
    do :: p <= PARTIES -> run getter(p); p++ :: else -> break od
  }
}
