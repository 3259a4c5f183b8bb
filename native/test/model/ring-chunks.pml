/*
 * ring-chunks.pml: records of a ring, how it grows and gives chunks back, with the death of anybody after any step,
 * checked with SPIN. See README.md; run.sh runs every check. Comments name the function of native/sync that a step
 * mirrors.
 *
 * The first chunk has room for ROOM records, a further one for two, and positions wrap in both; a large message has a
 * chunk of its own and is under way alone. Who has a side's lock has it alone: lock.pml is about that. Who finds the ring
 * empty or full waits here until it is not: ring.pml is about that. A victim is replaced by nobody; those that live
 * take its lock over and mend, and may be killed at that too.
 *
 *   PUTTERS, GETTERS  parties; each putter for ROUNDS messages, getters until all is over
 *   DEATHS            how many of them may be killed
 *   LARGE             the message of that round is large; LIMIT: how many records may be under way
 *   STRANGER          somebody else uses the allocator too
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
#ifndef LARGE
#define LARGE 9
#endif
#ifndef LIMIT
#define LIMIT 3
#endif
#ifndef ROOM
#define ROOM 1
#endif
#define PARTIES (PUTTERS + GETTERS)
#define CHUNKS 6                    /* chunk 0 is none, chunk 1 is a part of the ring */
#define MOST 2                      /* records in a chunk */

bool alive[PARTIES + 1] = true;
byte deaths = 0, getters_dead = 0, over = 0;
byte put_owner = 0, get_owner = 0, allocator = 0;
byte tail = 0, head = 0;            /* Marks; a record is one long */
byte number_of[PUTTERS * ROUNDS + 1];        /* the message at each position, once it was put */
byte slot[CHUNKS * MOST];           /* what was written */

bool there[CHUNKS] = false, foreign[CHUNKS] = false, wraps[CHUNKS] = false;
byte serial[CHUNKS] = 0, next_of[CHUNKS] = 0, end_of[CHUNKS] = 0, first_of[CHUNKS] = 0, room_of[CHUNKS] = 0;
byte serials = 0;
byte put_chunk = 1, get_chunk = 1;
byte put_fields = 1, get_fields = 1;         /* the chunk that put_first and the like are of */
byte growing = 0, growing_serial = 0, retired = 0, retired_serial = 0;

/* One getter is left, or nobody could be told what is in the ring. */
#define Spared (me > PUTTERS && getters_dead == GETTERS - 1)
#define Kill() if :: atomic { deaths < DEATHS && !Spared -> deaths++; alive[me] = false; \
  if :: me > PUTTERS -> getters_dead++ :: else fi; goto dead } :: true fi
#define Take(owner) atomic { (owner == 0 || !alive[owner]) -> mends = (owner != 0); owner = me }

/* FreeChunk, under the allocator's lock. */
inline FreeChunk(c, s) {
  atomic {
    (c <= 1 || allocator == 0 || !alive[allocator]) ->
    if
#ifdef MUTANT_NO_SERIAL
    :: c > 1 && there[c] -> assert(!foreign[c]); there[c] = false
    :: c <= 1 || !there[c] -> skip
#else
    :: c > 1 && there[c] && serial[c] == s -> assert(!foreign[c]); there[c] = false
    :: else -> skip
#endif
    fi
  }
}

proctype putter(byte me) {
  byte round, made, old, from, seen;
  bool mends, large, same;
  do
  :: round < ROUNDS ->
again:
    Take(put_owner);
    if
    :: mends ->                                            /* MendPut */
      assert(there[put_chunk]);
      old = (next_of[put_chunk] != 0 -> next_of[put_chunk] : put_chunk);
      Kill();
#ifndef MUTANT_KEEP_FIELDS
      put_chunk = old;                                     /* UseChunk */
      Kill();
      put_fields = old;
      Kill();
#endif
      if
      :: growing != 0 ->
        if :: growing != put_chunk -> FreeChunk(growing, growing_serial) :: else fi;
        Kill();
        growing = 0
      :: else
      fi
    :: else
    fi;
    Kill();
    large = (round == LARGE);
    old = put_chunk;
    assert(there[old] && put_fields == old && next_of[old] == 0);
    same = (get_chunk == put_chunk);                       /* LookForRoom */
    seen = head;
    from = (same && wraps[old] -> seen : first_of[old]);
#ifdef MUTANT_REUSE_OWN
    if :: same -> from = seen :: else fi;
#endif
    if
    :: (!large && tail < from + room_of[old]) -> skip      /* Fits */
    :: else ->
      if                                                   /* MayGrow */
      :: ((large && tail != seen) || (!large && tail - seen >= LIMIT)) ->
        atomic { put_owner = 0; mends = false; old = 0; same = false; from = 0 };
        (head != seen);
        seen = 0;
        goto again
      :: else
      fi;
      atomic { (allocator == 0 || !alive[allocator]) -> allocator = me };
      atomic {                                             /* MakeChunk: Find, Prepare, FormatChunk */
        made = 2;
        do :: made < CHUNKS && there[made] -> made++ :: else -> break od;
        assert(made < CHUNKS);
        serials++; serial[made] = serials;
        next_of[made] = 0; end_of[made] = 0; first_of[made] = tail; foreign[made] = false;
        wraps[made] = !large; room_of[made] = (large -> 1 : 2)
      };
#ifdef MUTANT_GROWING_LATE
      there[made] = true;
      Kill();
      growing_serial = serial[made]; growing = made;
#else
#ifdef MUTANT_SERIAL_LATE
      growing = made;
      Kill();
      there[made] = true;
      Kill();
      growing_serial = serial[made];
#else
      growing_serial = serial[made];
      Kill();
      growing = made;
      Kill();
      there[made] = true;
#endif
#endif
      Kill();
      allocator = 0;
      Kill();
#ifdef MUTANT_LINK_FIRST
      next_of[old] = made;
      Kill();
      end_of[old] = tail;
#else
      end_of[old] = tail;
      Kill();
      next_of[old] = made;
#endif
      Kill();
      put_chunk = made;                                    /* UseChunk */
      Kill();
      put_fields = made;
      Kill();
      growing = 0;
      old = made
    fi;
    Kill();
    assert(there[old] && put_chunk == old);
#ifdef MUTANT_PUT_FIRST
    number_of[tail] = me * 8 + round; tail++;
    Kill();
    slot[old * MOST + (tail - 1 - first_of[old]) % room_of[old]] = me * 8 + round;
#else
    slot[old * MOST + (tail - first_of[old]) % room_of[old]] = me * 8 + round;
    Kill();
    atomic { number_of[tail] = me * 8 + round; tail++ };   /* EndPut */
#endif
    Kill();
    atomic { put_owner = 0; round++; made = 0; old = 0; seen = 0; from = 0; mends = false; same = false; large = false }
  :: else -> break
  od;
dead:
  atomic { over++; made = 0; old = 0; seen = 0; from = 0; round = 0; mends = false; same = false; large = false }
}

proctype getter(byte me) {
  byte left, next;
  bool mends;
  do
  :: tail > head ->
    atomic { (get_owner == 0 || !alive[get_owner] || (tail == head && over >= PUTTERS)) ->
      if
      :: tail == head && over >= PUTTERS -> goto dead
      :: else -> mends = (get_owner != 0); get_owner = me
      fi };
    if
    :: mends ->                                            /* MendGet */
      next = get_chunk;
#ifndef MUTANT_MEND_ALL
      if :: retired == next -> retired = 0 :: else fi;
      Kill();
#endif
      get_fields = next;                                   /* ReadFrom */
      Kill();
      if
      :: retired != 0 ->
        FreeChunk(retired, retired_serial);
        Kill();
        retired = 0
      :: else
      fi
    :: else
    fi;
    Kill();
    if :: tail == head -> atomic { get_owner = 0; mends = false; next = 0; goto next_round } :: else fi;
look:                                                      /* PrepareRecord */
    assert(there[get_chunk] && get_fields == get_chunk);
    next = next_of[get_chunk];
    if
    :: next != 0 && end_of[get_chunk] == head ->           /* LeaveChunk */
      left = get_chunk;
#ifdef MUTANT_FREE_FIRST
      FreeChunk(left, serial[left]);
      Kill();
#endif
#ifndef MUTANT_RETIRE_LATE
      retired_serial = serial[left];
      Kill();
      retired = left;
      Kill();
#endif
#ifndef MUTANT_NO_HELP
      atomic { if :: put_chunk == left -> put_chunk = next :: else fi };
      Kill();
#endif
      get_fields = next;                                   /* ReadFrom */
      Kill();
      get_chunk = next;
      Kill();
#ifdef MUTANT_RETIRE_LATE
      retired_serial = serial[left];
      retired = left;
#endif
      FreeChunk(retired, retired_serial);
      Kill();
      retired = 0;
      left = 0;
      goto look
    :: else
    fi;
    Kill();
    assert(slot[get_chunk * MOST + (head - first_of[get_chunk]) % room_of[get_chunk]] == number_of[head]);
    head++;                                                /* EndGet */
    Kill();
    atomic { get_owner = 0; mends = false; next = 0 };
next_round:
    skip
  :: tail == head && over >= PUTTERS -> break
  od;
dead:
  atomic { left = 0; next = 0; mends = false }
}

#ifdef STRANGER
/* Takes a place that was given back, once. */
active proctype stranger() {
  byte c;
end:
  atomic {
    serials > 0 && (allocator == 0 || !alive[allocator]) ->
    c = 2;
    do :: c < CHUNKS && (there[c] || serial[c] == 0) -> c++ :: else -> break od;
    if
    :: c < CHUNKS -> there[c] = true; foreign[c] = true; serials++; serial[c] = serials
    :: else
    fi;
    c = 0
  }
}
#endif

/* When all is over, a chunk that is there is in the chain, or whoever mends finds it. */
active proctype monitor() {
  byte c;
  bool found[CHUNKS];
end:
  timeout;
  atomic {
    assert(head == tail && over == PUTTERS);
    c = get_chunk;
    do
    :: c != 0 -> assert(there[c]); found[c] = true; c = next_of[c]
    :: else -> break
    od;
    if :: serial[growing] == growing_serial -> found[growing] = true :: else fi;
    if :: serial[retired] == retired_serial -> found[retired] = true :: else fi;
    c = 2;                                                 /* the first one is a part of the ring */
    do
    :: c < CHUNKS -> assert(!there[c] || foreign[c] || found[c]); c++
    :: else -> break
    od
  }
}

init {
  byte p;
  atomic {
    there[1] = true; wraps[1] = true; room_of[1] = ROOM;
    p = 1;
    do :: p <= PUTTERS -> run putter(p); p++ :: else -> break od;
    do :: p <= PARTIES -> run getter(p); p++ :: else -> break od
  }
}
