// fork/: a process with many threads is forked again and again; in each child all of them go on.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

#include "fork/messages.h"
#include "fork/process.h"
#include "fork/serve.h"
#include "fork/threads.h"
#include "support/watchdog.h"

namespace {

using mp::fork::Forked;
using mp::fork::Side;

constexpr unsigned kStopLimitMs = 5000;
/// A child that hangs ends by this.
constexpr unsigned kChildSeconds = 20;

int Rounds() {
  const char* text = std::getenv("MP_FORK_ROUNDS");
  return text == nullptr ? 1000 : std::atoi(text);
}

/// What the checks before a fork expect of libuv: a pipe with one byte, its lock for signals.
struct LockPipe {
  int ends[2] = {-1, -1};
  LockPipe() {
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    REQUIRE(write(ends[1], "*", 1) == 1);
  }
  ~LockPipe() {
    close(ends[0]);
    close(ends[1]);
  }
  LockPipe(const LockPipe&) = delete;
  LockPipe& operator=(const LockPipe&) = delete;
};

/// Threads that take jobs from a queue, as V8's and libuv's do.
class Pool {
 public:
  explicit Pool(int size) {
    for (int i = 0; i < size; ++i) threads_.emplace_back([this] { Work(); });
  }
  ~Pool() { Stop(); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  void Run(std::function<void()> job) {
    const std::lock_guard<std::mutex> lock(mutex_);
    jobs_.push(std::move(job));
    work_.notify_one();
  }

  void Stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      is_ended_ = true;
      work_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  void Work() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      work_.wait(lock, [this] { return is_ended_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      const std::function<void()> job = std::move(jobs_.front());
      jobs_.pop();
      lock.unlock();
      job();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable work_;
  std::queue<std::function<void()>> jobs_;
  bool is_ended_ = false;
  std::vector<std::thread> threads_;
};

/// A thread that waits on an epoll instance, as the one of V8's delayed tasks does.
class Loop {
 public:
  Loop() {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    event_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    epoll_event event{EPOLLIN, {}};
    event.data.fd = event_;
    REQUIRE(epoll_ctl(epoll_, EPOLL_CTL_ADD, event_, &event) == 0);
    thread_ = std::thread([this] { Run(); });
  }
  ~Loop() {
    End();
    close(event_);
    close(epoll_);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void End() {
    if (!thread_.joinable()) return;
    is_ended_ = true;
    eventfd_write(event_, 1);
    thread_.join();
  }

 private:
  void Run() {
    while (!is_ended_) {
      epoll_event event{};
      if (epoll_wait(epoll_, &event, 1, -1) != 1) continue;
      eventfd_t value = 0;
      eventfd_read(event_, &value);
    }
  }

  int epoll_ = -1;
  int event_ = -1;
  std::atomic<bool> is_ended_{false};
  std::thread thread_;
};

/// All kinds of waiting at once.
struct World {
  Pool pool{6};
  Loop loop;
  sem_t posted{};
  std::thread waits_for_post;
  std::mutex held;
  std::atomic<int> passed{0};
  std::thread waits_for_mutex;
  std::atomic<bool> is_ended{false};
  std::thread sleeps;

  World() {
    sem_init(&posted, 0, 0);
    held.lock();
    waits_for_post = std::thread([this] {
      while (sem_wait(&posted) != 0) {
      }
    });
    waits_for_mutex = std::thread([this] {
      const std::lock_guard<std::mutex> lock(held);
      ++passed;
    });
    sleeps = std::thread([this] {
      while (!is_ended) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    });
  }
  ~World() { End(); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// The sum of so many numbers, each added by some thread of the pool.
  int AddUp(int count) {
    std::mutex mutex;
    std::condition_variable done;
    int sum = 0;
    int finished = 0;
    for (int i = 1; i <= count; ++i) {
      pool.Run([&, i] {
        std::vector<int> block(static_cast<size_t>(i) * 100, i);  // malloc's locks and arenas, too
        const std::lock_guard<std::mutex> lock(mutex);
        sum += block.back();
        ++finished;
        done.notify_one();
      });
    }
    std::unique_lock<std::mutex> lock(mutex);
    done.wait(lock, [&] { return finished == count; });
    return sum;
  }

  /// Ends and joins all threads.
  void End() {
    if (!sleeps.joinable()) return;
    is_ended = true;
    sleeps.join();
    sem_post(&posted);
    waits_for_post.join();
    held.unlock();
    waits_for_mutex.join();
    loop.End();
    pool.Stop();
  }
};

/// In the child: everything works, and all threads end. Its exit code.
int UseWorld(World* world) {
  alarm(kChildSeconds);
  if (world->AddUp(50) != 1275) return 2;
  std::thread another([] {});
  another.join();
  world->End();
  return world->passed == 1 ? 0 : 3;
}

int StatusOf(int pid) {
  int status = -1;
  waitpid(pid, &status, 0);
  return status;
}

TEST_CASE("a child goes on with all threads of its parent, whatever they waited for") {
  const LockPipe lock_pipe;
  World world;
  const int rounds = Rounds();
  for (int round = 0; round < rounds; ++round) {
    const mp::fork::Verdict verdict = mp::fork::PrepareToFork(kStopLimitMs);
    REQUIRE_MESSAGE(verdict.ok(), verdict.reason);
    const Forked forked = mp::fork::ForkStopped({});
    if (forked.side == Side::kChild) _exit(UseWorld(&world));
    mp::fork::ReleaseThreads();
    REQUIRE(forked.side == Side::kParent);
    // The parent's threads go on too, at the same time.
    REQUIRE(world.AddUp(20) == 210);
    REQUIRE(StatusOf(forked.pid) == 0);
  }
  world.End();
  CHECK(world.passed == 1);
}

TEST_CASE("threads that never rest are a refusal, and go on") {
  const LockPipe lock_pipe;
  std::atomic<bool> is_ended{false};
  std::atomic<uint64_t> turns{0};
  std::thread busy([&] {
    while (!is_ended) ++turns;
  });
  const mp::fork::Verdict verdict = mp::fork::PrepareToFork(50);
  CHECK_FALSE(verdict.ok());
  const uint64_t seen = turns;
  CHECK(mp::test::Eventually([&] { return turns > seen; }));
  is_ended = true;
  busy.join();
}

TEST_CASE("threads that come and go while the others are stopped are no obstacle") {
  const LockPipe lock_pipe;
  std::atomic<bool> is_ended{false};
  std::thread breeder([&] {
    while (!is_ended) {
      std::thread([] {}).join();
      std::this_thread::sleep_for(std::chrono::microseconds(300));
    }
  });
  const int rounds = Rounds() / 10 + 1;
  for (int round = 0; round < rounds; ++round) {
    const mp::fork::Verdict verdict = mp::fork::PrepareToFork(kStopLimitMs);
    REQUIRE_MESSAGE(verdict.ok(), verdict.reason);
    const Forked forked = mp::fork::ForkStopped({});
    if (forked.side == Side::kChild) {
      alarm(kChildSeconds);
      is_ended = true;
      breeder.join();
      _exit(0);
    }
    mp::fork::ReleaseThreads();
    REQUIRE(StatusOf(forked.pid) == 0);
  }
  is_ended = true;
  breeder.join();
}

/// A forkserver in a process of its own, and this process as its client.
class Client {
 public:
  explicit Client(bool children_break) {
    int ends[2];
    REQUIRE(mp::fork::OpenSocketPair(ends).ok());
    server = fork();
    if (server == 0) {
      close(ends[0]);
      RunServer(ends[1], children_break);
    }
    close(ends[1]);
    socket = ends[0];
    REQUIRE(Next().kind == mp::fork::ReplyKind::kReady);
  }
  ~Client() {
    close(socket);
    (void)StatusOf(server);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  mp::fork::Reply Order(uint32_t sequence) const {
    mp::fork::DescriptorList list;
    for (list.count = 0; list.count < 4; ++list.count) {
      list.numbers[list.count] = open("/dev/null", O_RDWR | O_CLOEXEC);
    }
    REQUIRE(mp::fork::SendOrder(socket, {sequence}, list).ok());
    list.CloseAll();
    for (;;) {
      const mp::fork::Reply reply = Next();
      if (reply.sequence == sequence) return reply;
    }
  }

  pid_t server = 0;
  int socket = -1;

 private:
  mp::fork::Reply Next() const {
    mp::fork::Reply reply;
    REQUIRE(mp::test::Eventually(
        [&] { return mp::fork::ReceiveReply(socket, &reply) == mp::fork::Received::kMessage; }));
    return reply;
  }

  [[noreturn]] static void RunServer(int socket, bool children_break) {
    const LockPipe lock_pipe;
    Pool pool(3);
    mp::fork::ForkPlan plan;
    plan.as_sibling = true;
    plan.prepare_child = [](void* raw) { return raw == nullptr; };
    if (children_break) plan.argument = &plan;
    mp::fork::Assignment assignment;
    const bool is_child = mp::fork::Serve(socket, plan, &assignment).ok();
    pool.Stop();
    _exit(is_child ? 7 : 1);
  }
};

TEST_CASE("a server's children are its client's, and outlive it") {
  const Client client(false);
  for (uint32_t sequence = 1; sequence <= 20; ++sequence) {
    const mp::fork::Reply reply = client.Order(sequence);
    REQUIRE(reply.kind == mp::fork::ReplyKind::kForked);
    REQUIRE(WEXITSTATUS(StatusOf(reply.number)) == 7);
  }
}

TEST_CASE("a child that ends before it can say anything is told of all the same") {
  const Client client(true);
  const mp::fork::Reply reply = client.Order(1);
  REQUIRE(reply.kind == mp::fork::ReplyKind::kForked);
  CHECK(WEXITSTATUS(StatusOf(reply.number)) == 127);
}

}  // namespace
