// A ring of messages in shared memory: a header of five granules, and the first chunk behind it.
//
//   OFFSET | SIZE | FIELD         | WRITTEN BY           | MEANING
//        0 |   64 | object        | see sync_object.h    | maximum: the most items that it holds
//       48 |    4 | byte_limit    | creator              | the most bytes in flight; in object
//       52 |    4 | grown_bytes   | holder of put_lock   | size of the next chunk; in object
//       56 |    4 | maker         | creator              | id of its maker; 0: named; in object
//       60 |    4 | carries       | holder of the heap   | 1: shared objects were put; in object
//       64 |    8 | put_lock      | putters              | state of a lock (sync_object.h)
//       72 |    8 | tail          | holder of put_lock   | Mark: what was put
//       80 |    8 | put_limit     | holder of put_lock   | Mark that tail may reach, as last seen
//       88 |    4 | put_chunk     | holders of the locks | chunk that records are written to
//       92 |    4 | put_start     | holder of put_lock   | position of the record being written
//       96 |    4 | put_first     | holder of put_lock   | start of put_chunk
//      100 |    4 | put_mask      | holder of put_lock   | mask of put_chunk
//      104 |    4 | put_bytes     | holder of put_lock   | bytes of put_chunk
//      108 |    4 | growing       | holder of put_lock   | chunk that is being linked; 0: none
//      112 |    4 | growing_serial| holder of put_lock   | its serial
//      116 |    4 | writer        | creator              | granule of the pipe end that puts
//      120 |    4 | writer_serial | creator              | its serial; of a queue all are 0
//      124 |    4 | (reserved)    |                      | 0
//      128 |    8 | get_lock      | getters              | state of a lock
//      136 |    8 | head          | holder of get_lock   | Mark: what was taken
//      144 |    8 | seen_tail     | holder of get_lock   | tail, as last seen
//      152 |    4 | get_chunk     | holder of get_lock   | chunk that records are read from
//      156 |    4 | get_start     | holder of get_lock   | position of the record being read
//      160 |    4 | retired       | holder of get_lock   | chunk that is being given back; 0: none
//      164 |    4 | retired_serial| holder of get_lock   | its serial
//      168 |    4 | get_first     | holder of get_lock   | start of get_chunk
//      172 |    4 | get_mask      | holder of get_lock   | mask of get_chunk
//      176 |    4 | reader        | creator              | granule of the pipe end that gets
//      180 |    4 | reader_serial | creator              | its serial
//      184 |    8 | (reserved)    |                      | 0
//      192 |    4 | getters_wait  | getters, putters     | not 0: who may sleep until a put
//      196 |    4 | putters_wait  | putters, getters     | not 0: who may sleep until a get
//      200 |    4 | get_bell      | getters, putters     | id of a thread whose loop awaits a put
//      204 |    4 | put_bell      | putters, getters     | id of a thread whose loop awaits a get
//      208 |   48 | (reserved)    |                      | 0
//      256 |    4 | done          | everybody, atomic    | items that were reported done
//      260 |    4 | joiners_wait  | joiners, reporters   | not 0: who may sleep until all is done
//      264 |    4 | join_bell     | joiners, reporters   | id of a thread whose loop waits for that
//      268 |   52 | (reserved)    |                      | 0
//      320 |      | first_chunk   |                      | a chunk of kFirstChunkBytes
//
// state of a ring: low half only
//
//   BITS  | NAME      | MEANING
//        0 | SHUT_DOWN | nothing is put any more; a getter that finds it empty has come to the end
//        1 | DISCARDED | what was in it then does not count any more
//
// flags of a ring
//
//   BITS  | NAME      | MEANING
//        0 | OVERSIZE  | a message that is larger than byte_limit may be in it, alone
//
// Mark: 8 bytes, written at once
//
//   BITS  | NAME      | MEANING
//    31..0 | position  | bytes of records since the ring was made, modulo 2^32
//   63..32 | items     | how many records those are, modulo 2^32, without padding
//
// Chunk, one granule and its data. Chunks are named by their distance from the ring, modulo 2^32.
//
//   OFFSET | SIZE | FIELD   | WRITTEN BY         | MEANING
//        0 |    4 | start   | its maker          | position of its first byte
//        4 |    4 | mask    | its maker          | bytes - 1 where positions wrap; else all 1
//        8 |    4 | bytes   | its maker          | of data
//       12 |    4 | next    | holder of put_lock | chunk after it; 0: this one is the last
//       16 |    4 | end     | holder of put_lock | position where it ends, once next is not 0
//       20 |    4 | (reserved)|                  | 0
//       24 |    4 | serial  | its maker          | tells it from an earlier one in its place
//       28 |   36 | (reserved)|                  | 0
//
// Record, 8-byte aligned and never parted by the end of a chunk
//
//   OFFSET | SIZE | FIELD   | WRITTEN BY         | MEANING
//        0 |    4 | bytes   | holder of put_lock | of payload, without what aligns the next record
//        4 |    4 | tag     | holder of put_lock | what the payload is; kPadding: skip it
//        8 |      | payload | holder of put_lock | the message
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "layout/sync_object.h"

namespace mp::layout {

inline constexpr uint32_t kShutDown = 1;
inline constexpr uint32_t kDiscarded = 2;

inline constexpr uint32_t kOversize = 1;

inline constexpr uint32_t kFirstChunkBytes = 64 * 1024;
inline constexpr uint32_t kRecordBytes = 8;
inline constexpr uint32_t kPadding = 0;

struct Chunk {
  uint32_t start;
  uint32_t mask;
  uint32_t bytes;
  std::atomic<uint32_t> next;
  uint32_t end;
  uint32_t reserved_20;
  uint32_t serial;
  uint8_t reserved_28[36];
};
static_assert(offsetof(Chunk, start) == 0);
static_assert(offsetof(Chunk, mask) == 4);
static_assert(offsetof(Chunk, bytes) == 8);
static_assert(offsetof(Chunk, next) == 12);
static_assert(offsetof(Chunk, end) == 16);
static_assert(offsetof(Chunk, serial) == 24);
static_assert(sizeof(Chunk) == kGranule);

struct Record {
  uint32_t bytes;
  uint32_t tag;
};
static_assert(sizeof(Record) == kRecordBytes);

struct Ring {
  std::atomic<uint64_t> state;
  uint32_t kind;
  uint32_t flags;
  uint32_t depth;
  uint32_t maximum;
  uint32_t serial;
  uint32_t bell;
  uint8_t references[16];
  uint32_t byte_limit;
  uint32_t grown_bytes;
  uint32_t maker;
  std::atomic<uint32_t> carries;

  std::atomic<uint64_t> put_lock;
  std::atomic<uint64_t> tail;
  uint64_t put_limit;
  std::atomic<uint32_t> put_chunk;
  uint32_t put_start;
  std::atomic<uint32_t> put_first;
  std::atomic<uint32_t> put_mask;
  std::atomic<uint32_t> put_bytes;
  uint32_t growing;
  uint32_t growing_serial;
  uint32_t writer;
  uint32_t writer_serial;
  uint8_t reserved_124[4];

  std::atomic<uint64_t> get_lock;
  std::atomic<uint64_t> head;
  uint64_t seen_tail;
  std::atomic<uint32_t> get_chunk;
  uint32_t get_start;
  uint32_t retired;
  uint32_t retired_serial;
  uint32_t get_first;
  uint32_t get_mask;
  uint32_t reader;
  uint32_t reader_serial;
  uint8_t reserved_184[8];

  std::atomic<uint32_t> getters_wait;
  std::atomic<uint32_t> putters_wait;
  std::atomic<uint32_t> get_bell;
  std::atomic<uint32_t> put_bell;
  uint8_t reserved_208[48];

  std::atomic<uint32_t> done;
  std::atomic<uint32_t> joiners_wait;
  std::atomic<uint32_t> join_bell;
  uint8_t reserved_268[52];

  Chunk first_chunk;
};
static_assert(offsetof(Ring, state) == offsetof(SyncObject, state));
static_assert(offsetof(Ring, kind) == offsetof(SyncObject, kind));
static_assert(offsetof(Ring, flags) == offsetof(SyncObject, flags));
static_assert(offsetof(Ring, maximum) == offsetof(SyncObject, maximum));
static_assert(offsetof(Ring, serial) == offsetof(SyncObject, serial));
static_assert(offsetof(Ring, byte_limit) == 48);
static_assert(offsetof(Ring, grown_bytes) == 52);
static_assert(offsetof(Ring, maker) == 56);
static_assert(offsetof(Ring, carries) == 60);
static_assert(offsetof(Ring, put_lock) == 64);
static_assert(offsetof(Ring, tail) == 72);
static_assert(offsetof(Ring, put_limit) == 80);
static_assert(offsetof(Ring, put_chunk) == 88);
static_assert(offsetof(Ring, put_start) == 92);
static_assert(offsetof(Ring, put_first) == 96);
static_assert(offsetof(Ring, put_mask) == 100);
static_assert(offsetof(Ring, put_bytes) == 104);
static_assert(offsetof(Ring, growing) == 108);
static_assert(offsetof(Ring, growing_serial) == 112);
static_assert(offsetof(Ring, writer) == 116);
static_assert(offsetof(Ring, writer_serial) == 120);
static_assert(offsetof(Ring, get_lock) == 128);
static_assert(offsetof(Ring, head) == 136);
static_assert(offsetof(Ring, seen_tail) == 144);
static_assert(offsetof(Ring, get_chunk) == 152);
static_assert(offsetof(Ring, get_start) == 156);
static_assert(offsetof(Ring, retired) == 160);
static_assert(offsetof(Ring, retired_serial) == 164);
static_assert(offsetof(Ring, get_first) == 168);
static_assert(offsetof(Ring, get_mask) == 172);
static_assert(offsetof(Ring, reader) == 176);
static_assert(offsetof(Ring, reader_serial) == 180);
static_assert(offsetof(Ring, getters_wait) == 192);
static_assert(offsetof(Ring, putters_wait) == 196);
static_assert(offsetof(Ring, get_bell) == 200);
static_assert(offsetof(Ring, put_bell) == 204);
static_assert(offsetof(Ring, done) == 256);
static_assert(offsetof(Ring, joiners_wait) == 260);
static_assert(offsetof(Ring, join_bell) == 264);
static_assert(offsetof(Ring, first_chunk) == 320);
static_assert(sizeof(Ring) == 6 * kGranule);

}  // namespace mp::layout
