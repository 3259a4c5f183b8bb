;; The uncontended paths: what acquire and release do when nobody else wants the object. All else is
;; in native/sync, whose tables say why these steps are right. The state words are laid out in
;; native/layout/sync_object.h; a test compares the offsets and masks below with that file.
;;
;; Every atomic instruction of wasm is sequentially consistent, which is stronger than the
;; acquire and release that the SYNC POINTs lock-state and semaphore-state ask for.
(module
  (memory (import "shared" "memory") 65536 65536 shared)

  ;; lockTryAcquire(address, self) -> 0: acquired; else the low half as it was
  (func (export "lockTryAcquire") (param $address i32) (param $self i32) (result i32)
    (i32.atomic.rmw.cmpxchg (local.get $address) (i32.const 0) (local.get $self)))

  ;; lockRelease(address, self) -> self: released; else the slow path must look
  (func (export "lockRelease") (param $address i32) (param $self i32) (result i32)
    (i32.atomic.rmw.cmpxchg (local.get $address) (local.get $self) (i32.const 0)))

  ;; rlockTryAwaited(address, self) -> 0: acquired for an awaited owner; else the slow path must look
  (func (export "rlockTryAwaited") (param $address i32) (param $self i32) (result i32)
    (local $seen i32)
    (local.set $seen
      (i32.atomic.rmw.cmpxchg (local.get $address) (i32.const 0) (local.get $self)))
    (if (i32.eqz (local.get $seen))
      (then (i32.store offset=16 (local.get $address) (i32.const 0x80000000))))
    (local.get $seen))

  ;; rwlockReadTry(cell, address, self) -> 0: reads; 1: the cell is not this thread's; 2: look in the
  ;; slow path, and a count was taken back. The cell of a living thread stays its own, so its id needs
  ;; one look. SYNC POINT rwlock: the add, then the load of the lock.
  (func (export "rwlockReadTry") (param $cell i32) (param $address i32) (param $self i32)
    (result i32)
    (if (i32.ne (i32.load offset=4 (local.get $cell)) (local.get $self))
      (then (return (i32.const 1))))
    ;; Whoever reads already may read again: no writer can be inside.
    (if (i32.wrap_i64 (i64.atomic.rmw.add (local.get $cell) (i64.const 1)))
      (then (return (i32.const 0))))
    (if (i32.eqz (i32.atomic.load (local.get $address))) (then (return (i32.const 0))))
    (drop (i64.atomic.rmw.sub (local.get $cell) (i64.const 1)))
    (i32.const 2))

  ;; rwlockReadRelease(cell, address, self) -> 0: released; 1: released, and somebody is to be told;
  ;; 2: not held
  (func (export "rwlockReadRelease") (param $cell i32) (param $address i32) (param $self i32)
    (result i32)
    (if (i32.ne (i32.load offset=4 (local.get $cell)) (local.get $self))
      (then (return (i32.const 2))))
    (if (i32.eqz (i32.load (local.get $cell))) (then (return (i32.const 2))))
    (drop (i64.atomic.rmw.sub (local.get $cell) (i64.const 1)))
    (i32.ne (i32.atomic.load (local.get $address)) (i32.const 0)))

  ;; rwlockWriteTry(address, self, cells) -> 0: inside; 1: not; 2: reserved, but there are readers
  (func (export "rwlockWriteTry") (param $address i32) (param $self i32) (param $cells i32)
    (result i32)
    (local $cell i32)
    (if (i32.atomic.rmw.cmpxchg (local.get $address) (i32.const 0) (local.get $self))
      (then (return (i32.const 1))))
    (if (i32.atomic.load offset=80 (local.get $address))
      (then
        (local.set $cell (i32.add (local.get $address) (i32.const 128)))
        (loop $next
          (if (i32.wrap_i64 (i64.atomic.load (local.get $cell))) (then (return (i32.const 2))))
          (local.set $cell (i32.add (local.get $cell) (i32.const 8)))
          (local.set $cells (i32.sub (local.get $cells) (i32.const 1)))
          (br_if $next (local.get $cells)))))
    (i32.atomic.store offset=72 (local.get $address) (local.get $self))
    (i32.const 0))

  ;; rwlockWriteRelease(address, self) -> 0: released; 1: the slow path must look
  (func (export "rwlockWriteRelease") (param $address i32) (param $self i32) (result i32)
    (if (i32.or
          (i32.ne (i32.atomic.load offset=72 (local.get $address)) (local.get $self))
          (i32.atomic.load offset=76 (local.get $address)))
      (then (return (i32.const 1))))
    (i32.atomic.store offset=72 (local.get $address) (i32.const 0))
    (if (i32.eq
          (i32.atomic.rmw.cmpxchg (local.get $address) (local.get $self) (i32.const 0))
          (local.get $self))
      (then (return (i32.const 0))))
    (i32.atomic.store offset=72 (local.get $address) (local.get $self))
    (i32.const 1))

  ;; semaphoreTryAcquire(address) -> 1: acquired; 0: the slow path must look
  (func (export "semaphoreTryAcquire") (param $address i32) (result i32)
    (local $state i64)
    (local $seen i64)
    (local.set $state (i64.atomic.load (local.get $address)))
    (loop $again
      (if (i32.eqz (i32.wrap_i64 (local.get $state))) (then (return (i32.const 0))))
      (local.set $seen
        (i64.atomic.rmw.cmpxchg (local.get $address) (local.get $state)
          (i64.sub (local.get $state) (i64.const 1))))
      (if (i64.eq (local.get $seen) (local.get $state)) (then (return (i32.const 1))))
      (local.set $state (local.get $seen))
      (br $again))
    (unreachable))

  ;; semaphoreRelease(address, maximum) -> 1: released; 0: the slow path must look
  (func (export "semaphoreRelease") (param $address i32) (param $maximum i32) (result i32)
    (local $state i64)
    (local $seen i64)
    (local.set $state (i64.atomic.load (local.get $address)))
    (loop $again
      ;; Somebody waits (high half), or the count is at its maximum: with a high half of 0 the
      ;; comparison of the whole word says both.
      (if (i64.ge_u (local.get $state) (i64.extend_i32_u (local.get $maximum)))
        (then (return (i32.const 0))))
      (local.set $seen
        (i64.atomic.rmw.cmpxchg (local.get $address) (local.get $state)
          (i64.add (local.get $state) (i64.const 1))))
      (if (i64.eq (local.get $seen) (local.get $state)) (then (return (i32.const 1))))
      (local.set $state (local.get $seen))
      (br $again))
    (unreachable))

  ;; robustTryAcquire(address, self, units, start) -> 1: acquired; 0: the slow path must look
  (func (export "robustTryAcquire")
    (param $address i32) (param $self i32) (param $units i32) (param $start i32) (result i32)
    (local $left i32) (local $unit i32)
    ;; Neither WAITERS nor a request: whoever starves goes first.
    (if (i64.ge_u (i64.atomic.load (local.get $address)) (i64.const 0x80000000))
      (then (return (i32.const 0))))
    (local.set $left (local.get $units))
    (loop $next
      (local.set $unit
        (i32.add (local.get $address) (i32.shl (local.get $start) (i32.const 2))))
      (if (i32.eqz (i32.atomic.load offset=64 (local.get $unit)))
        (then
          (if (i32.eqz
                (i32.atomic.rmw.cmpxchg offset=64
                  (local.get $unit) (i32.const 0) (local.get $self)))
            (then (return (i32.const 1))))))
      (local.set $start (i32.add (local.get $start) (i32.const 1)))
      (if (i32.eq (local.get $start) (local.get $units))
        (then (local.set $start (i32.const 0))))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $next (local.get $left)))
    (i32.const 0))

  ;; robustRelease(address, self, units, start) -> 0: released; 1: released, and somebody is to be
  ;; told; 2: not held. SYNC POINT robust-units: the unit, then the load of the state.
  (func (export "robustRelease")
    (param $address i32) (param $self i32) (param $units i32) (param $start i32) (result i32)
    (local $left i32) (local $unit i32)
    (local.set $left (local.get $units))
    (loop $next
      (local.set $unit
        (i32.add (local.get $address) (i32.shl (local.get $start) (i32.const 2))))
      (if (i32.eq (i32.atomic.load offset=64 (local.get $unit)) (local.get $self))
        (then
          (i32.atomic.store offset=64 (local.get $unit) (i32.const 0))
          (return (i32.lt_s (i32.atomic.load (local.get $address)) (i32.const 0)))))
      (local.set $start (i32.add (local.get $start) (i32.const 1)))
      (if (i32.eq (local.get $start) (local.get $units))
        (then (local.set $start (i32.const 0))))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $next (local.get $left)))
    (i32.const 2))

  ;; eventSet(address) -> 0: set; 1: the slow path must look
  (func (export "eventSet") (param $address i32) (result i32)
    (local $low i32)
    (local.set $low (i32.atomic.load (local.get $address)))
    ;; Somebody waits.
    (if (i32.lt_s (local.get $low) (i32.const 0)) (then (return (i32.const 1))))
    ;; An atomic change also of what is set already: whoever clears that sees what was written
    ;; before.
    (i32.ne
      (i32.atomic.rmw.cmpxchg (local.get $address) (local.get $low)
        (i32.add (local.get $low) (i32.eqz (i32.and (local.get $low) (i32.const 1)))))
      (local.get $low)))

  ;; eventClear(address)
  (func (export "eventClear") (param $address i32)
    (local $low i32)
    (local $seen i32)
    (local.set $low (i32.atomic.load (local.get $address)))
    (loop $again
      (if (i32.eqz (i32.and (local.get $low) (i32.const 1))) (then (return)))
      (local.set $seen
        (i32.atomic.rmw.cmpxchg (local.get $address) (local.get $low)
          (i32.and (i32.add (local.get $low) (i32.const 1)) (i32.const 0x7fffffff))))
      (if (i32.eq (local.get $seen) (local.get $low)) (then (return)))
      (local.set $low (local.get $seen))
      (br $again)))

  ;; Rings: native/layout/ring.h has the offsets, native/sync/ring.h says why the steps are right.
  ;; `chunk` is the distance of the chunk that the caller has a view of.

  ;; ringTryPut(ring, self, bytes, chunk) -> where in the chunk's data the payload belongs: the
  ;; putters' lock is held; -1: the slow path must look; -2: likewise, and the lock is still held
  (func $ringTryPut (export "ringTryPut")
    (param $ring i32) (param $self i32) (param $bytes i32) (param $chunk i32) (result i32)
    (local $position i32) (local $first i32) (local $size i32)
    (local $need i32) (local $offset i32) (local $padding i32) (local $place i32)
    (if (i32.atomic.load (local.get $ring)) (then (return (i32.const -1))))
    (if (i32.atomic.rmw.cmpxchg offset=64 (local.get $ring) (i32.const 0) (local.get $self))
      (then (return (i32.const -1))))
    (local.set $position (i32.load offset=72 (local.get $ring)))
    (local.set $first (i32.load offset=96 (local.get $ring)))
    (local.set $size (i32.load offset=104 (local.get $ring)))
    (local.set $need
      (i32.and (i32.add (local.get $bytes) (i32.const 15)) (i32.const -8)))
    (local.set $offset
      (i32.and (i32.sub (local.get $position) (local.get $first))
        (i32.load offset=100 (local.get $ring))))
    (if (i32.lt_u (i32.sub (local.get $size) (local.get $offset)) (local.get $need))
      (then (local.set $padding (i32.sub (local.get $size) (local.get $offset)))))
    (if (i32.or
          (i32.or
            (i32.ne (i32.load offset=88 (local.get $ring)) (local.get $chunk))
            (i32.gt_u (local.get $need) (local.get $size)))
          (i32.or
            (i32.lt_s
              (i32.sub (i32.load offset=80 (local.get $ring))
                (i32.add (local.get $position) (i32.add (local.get $padding) (local.get $need))))
              (i32.const 0))
            (i32.le_s
              (i32.sub (i32.load offset=84 (local.get $ring)) (i32.load offset=76 (local.get $ring)))
              (i32.const 0))))
      (then
        (return
          (select (i32.const -1) (i32.const -2)
            (i32.eq
              (i32.atomic.rmw.cmpxchg offset=64
                (local.get $ring) (local.get $self) (i32.const 0))
              (local.get $self))))))
    (if (local.get $padding)
      (then
        (local.set $place
          (i32.add (i32.add (local.get $ring) (local.get $chunk)) (local.get $offset)))
        (i32.store offset=64 (local.get $place)
          (i32.sub (local.get $padding) (i32.const 8)))
        (i32.store offset=68 (local.get $place) (i32.const 0))
        (local.set $offset (i32.const 0))))
    (i32.store offset=92 (local.get $ring) (i32.add (local.get $position) (local.get $padding)))
    (i32.add (local.get $offset) (i32.const 8)))

  ;; ringEndPut(ring, self, bytes, tag) -> 0: put; 1: put, and the slow path must finish
  (func $ringEndPut (export "ringEndPut")
    (param $ring i32) (param $self i32) (param $bytes i32) (param $tag i32) (result i32)
    (local $start i32) (local $place i32)
    (local.set $start (i32.load offset=92 (local.get $ring)))
    (local.set $place
      (i32.add (i32.add (local.get $ring) (i32.load offset=88 (local.get $ring)))
        (i32.and (i32.sub (local.get $start) (i32.load offset=96 (local.get $ring)))
          (i32.load offset=100 (local.get $ring)))))
    (i32.store offset=64 (local.get $place) (local.get $bytes))
    (i32.store offset=68 (local.get $place) (local.get $tag))
    (i64.atomic.store offset=72 (local.get $ring)
      (i64.or
        (i64.extend_i32_u
          (i32.add (local.get $start)
            (i32.and (i32.add (local.get $bytes) (i32.const 15)) (i32.const -8))))
        (i64.shl
          (i64.extend_i32_u (i32.add (i32.load offset=76 (local.get $ring)) (i32.const 1)))
          (i64.const 32))))
    (i32.or
      (i32.ne
        (i32.atomic.rmw.cmpxchg offset=64 (local.get $ring) (local.get $self) (i32.const 0))
        (local.get $self))
      (i32.ne (i32.atomic.load offset=192 (local.get $ring)) (i32.const 0))))

  ;; ringPutNumber(ring, self, chunk, number, tag) -> as ringEndPut; -1, -2: as ringTryPut
  (func (export "ringPutNumber")
    (param $ring i32) (param $self i32) (param $chunk i32) (param $number f64) (param $tag i32)
    (result i32)
    (local $offset i32)
    (local.set $offset
      (call $ringTryPut (local.get $ring) (local.get $self) (i32.const 8) (local.get $chunk)))
    (if (i32.lt_s (local.get $offset) (i32.const 0)) (then (return (local.get $offset))))
    (f64.store offset=64
      (i32.add (i32.add (local.get $ring) (local.get $chunk)) (local.get $offset))
      (local.get $number))
    (call $ringEndPut (local.get $ring) (local.get $self) (i32.const 8) (local.get $tag)))

  ;; ringTryGet(ring, self, chunk) -> where in the chunk's data the next record is: the getters'
  ;; lock is held; -1: the slow path must look; -2: likewise, and the lock is still held
  (func (export "ringTryGet")
    (param $ring i32) (param $self i32) (param $chunk i32) (result i32)
    (local $head i64) (local $position i32) (local $place i32) (local $offset i32)
    (if (i32.gt_u (i32.atomic.load (local.get $ring)) (i32.const 1))
      (then (return (i32.const -1))))
    (if (i32.atomic.rmw.cmpxchg offset=128 (local.get $ring) (i32.const 0) (local.get $self))
      (then (return (i32.const -1))))
    (local.set $head (i64.load offset=136 (local.get $ring)))
    (local.set $position (i32.wrap_i64 (local.get $head)))
    (local.set $place (i32.add (local.get $ring) (local.get $chunk)))
    (block $slow
      (br_if $slow (i32.ne (i32.load offset=152 (local.get $ring)) (local.get $chunk)))
      (if (i64.eq (local.get $head) (i64.load offset=144 (local.get $ring)))
        (then
          (i64.store offset=144 (local.get $ring) (i64.atomic.load offset=72 (local.get $ring)))
          (br_if $slow
            (i64.eq (local.get $head) (i64.load offset=144 (local.get $ring))))))
      (br_if $slow
        (i32.and
          (i32.ne (i32.atomic.load offset=12 (local.get $place)) (i32.const 0))
          (i32.eq (i32.load offset=16 (local.get $place)) (local.get $position))))
      (local.set $offset
        (i32.and (i32.sub (local.get $position) (i32.load offset=168 (local.get $ring)))
          (i32.load offset=172 (local.get $ring))))
      ;; Padding ends a chunk's data: the record behind it is at its start.
      (if (i32.eqz (i32.load offset=68 (i32.add (local.get $place) (local.get $offset))))
        (then
          (local.set $position
            (i32.add (local.get $position)
              (i32.add (i32.const 8)
                (i32.load offset=64 (i32.add (local.get $place) (local.get $offset))))))
          (local.set $offset (i32.const 0))))
      (i32.store offset=156 (local.get $ring) (local.get $position))
      (return (local.get $offset)))
    (select (i32.const -1) (i32.const -2)
      (i32.eq
        (i32.atomic.rmw.cmpxchg offset=128 (local.get $ring) (local.get $self) (i32.const 0))
        (local.get $self))))

  ;; ringEndGet(ring, self) -> 0: taken; 1: taken, and the slow path must finish
  (func (export "ringEndGet") (param $ring i32) (param $self i32) (result i32)
    (local $start i32) (local $bytes i32)
    (local.set $start (i32.load offset=156 (local.get $ring)))
    (local.set $bytes
      (i32.load offset=64
        (i32.add (i32.add (local.get $ring) (i32.load offset=152 (local.get $ring)))
          (i32.and (i32.sub (local.get $start) (i32.load offset=168 (local.get $ring)))
            (i32.load offset=172 (local.get $ring))))))
    (i64.atomic.store offset=136 (local.get $ring)
      (i64.or
        (i64.extend_i32_u
          (i32.add (local.get $start)
            (i32.and (i32.add (local.get $bytes) (i32.const 15)) (i32.const -8))))
        (i64.shl
          (i64.extend_i32_u (i32.add (i32.load offset=140 (local.get $ring)) (i32.const 1)))
          (i64.const 32))))
    (i32.or
      (i32.ne
        (i32.atomic.rmw.cmpxchg offset=128 (local.get $ring) (local.get $self) (i32.const 0))
        (local.get $self))
      (i32.ne (i32.atomic.load offset=196 (local.get $ring)) (i32.const 0))))

  ;; load(address) -> the 32-bit word there
  (func (export "load") (param $address i32) (result i32)
    (i32.atomic.load (local.get $address)))
)
