/*
 * RLock: the thread as an owner, and awaited owners of the same thread (native/sync/lock.h, RLock;
 * ts/sync/rlock-owners.ts). Who is woken when is lock.pml's affair: here a waiter looks at any time.
 *
 * Thread 1 is an event loop. Two awaited owners and a blocking part run on it, one at a time (js);
 * thread 2 blocks. Both nest, and give all up for a while as a condition's wait does (SUSPEND).
 *
 *   word     | owner, pending, request, abandoned: as in lock.pml, WAITERS left out
 *   depth    | as in shared memory; AWAITED is 7
 *   holder   | which awaited owner of thread 1 holds it, and held how often (JavaScript's own)
 *
 * DEATHS threads may be killed at any step; a thread takes all that runs on it along.
 */
#define AWAITED 7
#define THREAD 3                /* inside: 1, 2 awaited owners; 3 the blocking part; 4 thread 2 */
#define OTHER 4
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif

byte owner, request, depth, inside, holder, held;
bool pending, abandoned;
bit js;                         /* somebody runs on thread 1 */
bool alive[3] = true;
byte deaths;
bool was_killed_inside;

#define Dead(t) (t != 0 && !alive[t])
#define CanTake(t) (owner == 0 || (owner == t && pending) || (Dead(owner)) || (pending && owner != t))

/* Lock::Attempt: one compare-and-swap. A grant that nobody accepts may expire at any time. */
inline Take(t) {
  if
  :: Dead(owner) && !pending -> abandoned = true
  :: !(Dead(owner) && !pending) && owner == 0 -> abandoned = false
  :: else
  fi;
  owner = t; pending = false;
  if :: request == t -> request = 0 :: else fi
}

/* Lock::HandOver */
inline Give() {
  abandoned = false;
  if
  :: request != 0 && alive[request] -> owner = request; pending = true; request = 0
  :: else -> owner = 0; pending = false; request = 0
  fi
}

inline Enter(who) {
  assert(inside == 0 || (abandoned && was_killed_inside));
  was_killed_inside = false;
  inside = who
}

/* An awaited owner takes the word and then, before anybody else runs on the thread, sets depth and
   holder. Leaves by a timeout when `leaves` is set. */
inline AwaitTake(me, count) {
  do
  :: atomic { js == 0 && CanTake(1) -> js = 1; Take(1); break }
  :: atomic { owner != 0 && owner != 1 && request == 0 -> request = 1 }        /* starves */
  :: atomic {                                                                   /* timeout, abort */
       js == 0 && may_leave ->
       if
       :: owner == 1 && pending -> Give()
       :: else -> if :: request == 1 -> request = 0 :: else fi
       fi;
       goto over
     }
  od;
#ifndef MUTANT_NO_DEPTH
  depth = AWAITED;
#endif
  holder = me; held = count
}

inline AwaitGive() {
  atomic { holder = 0; Give() }
}

proctype awaited(byte me) {
  byte saved;
  byte rounds;
  bool may_leave;
  {
    rounds = ROUNDS;
    do
    :: rounds == 0 -> break
    :: else ->
      rounds--;
      may_leave = true;
      AwaitTake(me, 1);
      may_leave = false;
      Enter(me);
      js = 0;                                                      /* it awaits something */
      atomic { js == 0 -> js = 1 };
      if                                                           /* acquire() in the callback */
      :: holder == me -> held++; assert(inside == me); js = 0; atomic { js == 0 -> js = 1 }
      :: skip
      fi;
#ifdef SUSPEND
      if
      :: inside = 0; saved = held; held = 0; AwaitGive(); js = 0;
         AwaitTake(me, saved); Enter(me)
#ifdef MUTANT_RESUME_SHALLOW
         ; held = 1
#endif
      :: skip
      fi;
#endif
      do                                                           /* its releases */
      :: held > 1 -> assert(holder == me && inside == me); held--
      :: else -> break
      od;
      atomic { assert(held == 1 && holder == me); inside = 0 };
      held = 0;
      AwaitGive();
      js = 0
    od;
over:
    skip
  } unless { !alive[1] }
}

/* The blocking forms of thread t; on thread 1 they keep the loop from running while they block. */
inline Acquire(t, who) {
  do
#ifdef MUTANT_ENTER_GRANT
  :: atomic { owner == t && depth != AWAITED -> depth++; break }
#else
#ifdef MUTANT_ENTER_AWAITED
  :: atomic { owner == t && !pending -> depth++; break }
#else
  :: atomic { owner == t && !pending && depth != AWAITED -> depth++; break }
#endif
  :: owner == t && !pending && depth == AWAITED -> goto deadlock
#endif
  :: atomic { CanTake(t) && !(owner == t && !pending) -> Take(t) } ;
     depth = 1;
     break
  :: atomic { owner != 0 && owner != t && request == 0 -> request = t }
  od;
  if :: mine == 0 -> Enter(who) :: else -> assert(inside == who) fi;
  mine++;
  assert(depth == mine)
}

inline Release(t, who) {
  assert(owner == t && depth == mine && inside == who);
  mine--;
  if
  :: mine > 0 -> depth--
  :: else -> inside = 0; depth = 0; Give()
  fi
}

proctype blocking(byte t; byte who) {
  byte mine, saved, rounds;
  {
    rounds = ROUNDS;
    do
    :: rounds == 0 -> break
    :: else ->
      rounds--;
      if :: t == 1 -> atomic { js == 0 -> js = 1 } :: else fi;
      Acquire(t, who);
      if :: Acquire(t, who) :: skip fi;
      if :: t == 1 -> js = 0; atomic { js == 0 -> js = 1 } :: else fi;      /* held across an await */
#ifdef SUSPEND
      if
      :: t == 2 ->
         assert(depth == mine);
         saved = depth; inside = 0; mine = 0; depth = 0; atomic { Give() };
         Acquire(t, who);
#ifdef MUTANT_RESUME_SHALLOW
         mine = saved
#else
         atomic { mine = saved; depth = saved }
#endif
      :: skip
      fi;
#endif
      do
      :: mine > 0 -> atomic { Release(t, who) }
      :: else -> break
      od;
deadlock:
      assert(mine == 0);
      if :: t == 1 -> js = 0 :: else fi
    od
  } unless { !alive[t] }
}

#if DEATHS
proctype killer() {
end_kill:
  do
  :: atomic {
       deaths < DEATHS && alive[1] ->
       alive[1] = false; deaths++; js = 0; holder = 0;
       if :: inside >= 1 && inside <= 3 -> was_killed_inside = true :: else fi
     }
  :: atomic {
       deaths < DEATHS && alive[2] ->
       alive[2] = false; deaths++;
       if :: inside == 4 -> was_killed_inside = true :: else fi
     }
  :: break
  od
}
#endif

init {
  atomic {
    run awaited(1);
    run awaited(2);
    run blocking(1, THREAD);
    run blocking(2, OTHER);
#if DEATHS
    run killer();
#endif
  }
}
