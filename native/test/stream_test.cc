// Streams: bytes and descriptors through sockets, without blocking.
#include "os/stream.h"

#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "os/socket.h"

namespace mp::os {
namespace {

Span SpanOf(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

struct Pair {
  Descriptor one;
  Descriptor other;
  Pair() { REQUIRE(OpenStreamPair(&one, &other).ok()); }
};

}  // namespace

TEST_CASE("bytes arrive in order, and then nothing, and then the end") {
  Pair pair;
  char buffer[16] = "";
  CHECK(Receive(pair.other.number(), buffer, 16).progress == Progress::kNotNow);
  CHECK(Send(pair.one.number(), SpanOf("head"), SpanOf("body")).bytes == 8);
  CHECK(Receive(pair.other.number(), buffer, 5).bytes == 5);
  CHECK(std::string(buffer, 5) == "headb");
  CHECK(Receive(pair.other.number(), buffer, 16).bytes == 3);
  pair.one.Close();
  CHECK(Receive(pair.other.number(), buffer, 16).progress == Progress::kEnded);
  CHECK(Send(pair.other.number(), SpanOf("x"), {}).progress == Progress::kEnded);
}

TEST_CASE("a full socket takes no more, and blocks nobody, whatever its mode") {
  Pair pair;
  REQUIRE(IsBlocking(pair.one.number()));
  const std::string chunk(1 << 16, 'x');
  Moved moved;
  do {
    moved = Send(pair.one.number(), SpanOf(chunk), {});
  } while (moved.progress == Progress::kMoved);
  CHECK(moved.progress == Progress::kNotNow);
  SetBlocking(pair.one.number(), false);
  CHECK(!IsBlocking(pair.one.number()));
  CHECK(Send(pair.one.number(), SpanOf("x"), {}).progress == Progress::kNotNow);
}

TEST_CASE("what is no socket is an error with its number") {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  const Descriptor reading(ends[0]);
  const Descriptor writing(ends[1]);
  char byte = 0;
  const Moved moved = Receive(reading.number(), &byte, 1);
  CHECK(moved.progress == Progress::kFailed);
  CHECK(moved.status.error == ENOTSOCK);
  CHECK(!IsStreamSocket(reading.number()));
}

TEST_CASE("a descriptor travels with its byte; a byte without one has none") {
  Pair pair;
  Pair sent;
  CHECK(SendDescriptor(pair.one.number(), 7, sent.one.number()).bytes == 1);
  CHECK(Send(pair.one.number(), SpanOf("n"), {}).bytes == 1);
  uint8_t byte = 0;
  Descriptor received;
  CHECK(ReceiveDescriptor(pair.other.number(), &byte, &received).progress == Progress::kMoved);
  CHECK(byte == 7);
  REQUIRE(received.is_open());
  CHECK(Send(received.number(), SpanOf("hi"), {}).bytes == 2);
  char buffer[2];
  CHECK(Receive(sent.other.number(), buffer, 2).bytes == 2);
  received.Close();
  CHECK(ReceiveDescriptor(pair.other.number(), &byte, &received).progress == Progress::kMoved);
  CHECK(!received.is_open());
}

TEST_CASE("WaitReady tells which are ready, and which are not open") {
  Pair quiet;
  Pair talking;
  REQUIRE(Send(talking.one.number(), SpanOf("x"), {}).bytes == 1);
  std::vector<Interest> interests(4);
  interests[0].descriptor = quiet.other.number();
  interests[1].descriptor = talking.other.number();
  interests[2].descriptor = 1'000'000;
  interests[3].descriptor = quiet.one.number();
  interests[3].writes = true;
  CHECK(WaitReady(interests, Deadline::Never()) == 3);
  CHECK(!interests[0].is_ready);
  CHECK(interests[1].is_ready);
  CHECK(interests[2].is_invalid);
  CHECK(interests[3].is_ready);
  interests.resize(1);
  CHECK(WaitReady(interests, Deadline::After(5)) == 0);
}

TEST_CASE("listeners of each family accept, and tell where they are") {
  const SocketAddress places[] = {
      {SocketAddress::Family::kAbstract, "nmp-stream-test-" + std::to_string(getpid()), 0},
      {SocketAddress::Family::kInternet, "127.0.0.1", 0}};
  for (const SocketAddress& place : places) {
    Descriptor listener;
    REQUIRE(Listen(place, 4, &listener).ok());
    SocketAddress bound;
    REQUIRE(LocalAddress(listener.number(), &bound).ok());
    CHECK(bound.family == place.family);
    CHECK(bound.name == place.name);
    Descriptor accepted;
    SocketAddress peer;
    CHECK(Accept(listener.number(), &accepted, &peer).progress == Progress::kNotNow);
    Descriptor connecting;
    CHECK(Connect(bound, &connecting).progress != Progress::kFailed);
    std::vector<Interest> interests(1);
    interests[0].descriptor = connecting.number();
    interests[0].writes = true;
    REQUIRE(WaitReady(interests, Deadline::After(5000)) == 1);
    CHECK(FinishConnect(connecting.number()).ok());
    CHECK(IsBlocking(connecting.number()));
    CHECK(Accept(listener.number(), &accepted, &peer).progress == Progress::kMoved);
    // The client's end has an address of its own over TCP, and else none.
    const bool is_local = place.family == SocketAddress::Family::kAbstract;
    CHECK(peer.name == (is_local ? "" : "127.0.0.1"));
    if (is_local) CHECK(IsPeerSameUser(accepted.number()));
  }
}

TEST_CASE("an address that is too long, in use, or no address is an error") {
  Descriptor listener;
  const SocketAddress long_path{SocketAddress::Family::kPath, std::string(200, 'x'), 0};
  CHECK(Listen(long_path, 1, &listener).error == ENAMETOOLONG);
  CHECK(Listen({SocketAddress::Family::kInternet, "nowhere", 0}, 1, &listener).error == EINVAL);
  const SocketAddress place{SocketAddress::Family::kAbstract,
                            "nmp-stream-twice-" + std::to_string(getpid()), 0};
  REQUIRE(Listen(place, 1, &listener).ok());
  Descriptor second;
  CHECK(Listen(place, 1, &second).error == EADDRINUSE);
  listener.Close();
  Descriptor client;
  const Moved moved = Connect(place, &client);
  CHECK(moved.progress == Progress::kFailed);
  CHECK(moved.status.error == ECONNREFUSED);
}

}  // namespace mp::os
