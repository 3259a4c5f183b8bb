// Whether a loop can be copied, and what becomes of the copy; see the header.
#include "fork/event_loop.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <iterator>

namespace mp::fork {
namespace {

/// A list of libuv's: two pointers, to the next and to the one before, whatever its version calls
/// them. The head is one of its members.
using Links = void**;

template <typename T>
Links LinksOf(T* queue) {
  static_assert(sizeof(T) == 2 * sizeof(void*));
  return reinterpret_cast<Links>(queue);
}

/// A list refers to itself by its own address.
void* AddressOf(Links head) { return static_cast<void*>(head); }

bool IsEmpty(Links head) { return head[0] == AddressOf(head); }

unsigned LengthOf(Links head) {
  unsigned length = 0;
  for (void* at = head[0]; at != AddressOf(head); at = static_cast<Links>(at)[0]) ++length;
  return length;
}

void Clear(Links head) {
  head[0] = AddressOf(head);
  head[1] = AddressOf(head);
}

/// Takes a member out of its list.
void Remove(Links member) {
  static_cast<Links>(member[1])[0] = member[0];
  static_cast<Links>(member[0])[1] = member[1];
  Clear(member);
}

bool IsStream(const uv_handle_t* handle) {
  const uv_handle_type type = uv_handle_get_type(handle);
  return type == UV_TCP || type == UV_NAMED_PIPE || type == UV_TTY;
}

int DescriptorOf(const uv_handle_t* handle) {
  uv_os_fd_t descriptor = -1;
  return uv_fileno(handle, &descriptor) == 0 ? descriptor : -1;
}

/// What is between the standard streams and the rest.
bool IsStandard(const uv_handle_t* handle) {
  const int descriptor = DescriptorOf(handle);
  return descriptor >= 0 && descriptor <= STDERR_FILENO;
}

unsigned RequestsOf(uv_handle_t* handle) {
  if (IsStream(handle)) {
    auto* stream = reinterpret_cast<uv_stream_t*>(handle);
    return LengthOf(LinksOf(&stream->write_queue)) +
           LengthOf(LinksOf(&stream->write_completed_queue)) +
           (stream->connect_req != nullptr ? 1 : 0) + (stream->shutdown_req != nullptr ? 1 : 0);
  }
  if (uv_handle_get_type(handle) != UV_UDP) return 0;
  auto* socket = reinterpret_cast<uv_udp_t*>(handle);
  return LengthOf(LinksOf(&socket->write_queue)) +
         LengthOf(LinksOf(&socket->write_completed_queue));
}

void ForgetRequests(uv_handle_t* handle) {
  if (IsStream(handle)) {
    auto* stream = reinterpret_cast<uv_stream_t*>(handle);
    Clear(LinksOf(&stream->write_queue));
    Clear(LinksOf(&stream->write_completed_queue));
    stream->write_queue_size = 0;
    stream->connect_req = nullptr;
    stream->shutdown_req = nullptr;
  } else if (uv_handle_get_type(handle) == UV_UDP) {
    auto* socket = reinterpret_cast<uv_udp_t*>(handle);
    Clear(LinksOf(&socket->write_queue));
    Clear(LinksOf(&socket->write_completed_queue));
    socket->send_queue_size = 0;
    socket->send_queue_count = 0;
  }
}

/// The function of Node's that its timer for name look-ups calls, which is active while there are
/// any. It is among the exported symbols.
const void* NodesQueries() {
  static const void* const function =
      dlsym(RTLD_DEFAULT, "_ZN4node10cares_wrap11ChannelWrap11AresTimeoutEP10uv_timer_s");
  return function;
}

bool IsTimerOf(const uv_handle_t* handle, const void* function) {
  if (uv_handle_get_type(handle) != UV_TIMER) return false;
  const auto* timer = reinterpret_cast<const uv_timer_t*>(handle);
  return reinterpret_cast<const void*>(timer->timer_cb) == function;
}

struct Obstacles {
  unsigned requests = 0;
  bool writes_output = false;
  bool asks_names = false;
  bool has_message = false;
};

void FindObstacles(uv_handle_t* handle, void* raw) {
  auto* found = static_cast<Obstacles*>(raw);
  if (uv_is_closing(handle) != 0) return;
  const unsigned requests = RequestsOf(handle);
  found->requests += requests;
  if (requests > 0 && (IsStandard(handle) || uv_handle_get_type(handle) == UV_TTY)) {
    found->writes_output = true;
  }
  if (IsTimerOf(handle, NodesQueries()) && uv_is_active(handle) != 0) found->asks_names = true;
  if (uv_handle_get_type(handle) == UV_ASYNC) {
    found->has_message |= reinterpret_cast<uv_async_t*>(handle)->pending != 0;
  }
}

/// What a loop is claimed with.
struct Claim {
  const LoopPlan* plan;
  int inert;
};

bool IsSpared(const Claim& claim, const uv_handle_t* handle) {
  return claim.plan->is_spared != nullptr && claim.plan->is_spared(handle);
}

void Detach(uv_handle_t* handle, void* raw) {
  const auto* claim = static_cast<const Claim*>(raw);
  ForgetRequests(handle);
  const uv_handle_type type = uv_handle_get_type(handle);
  if (type == UV_PROCESS && uv_is_active(handle) != 0) {
    Remove(LinksOf(&reinterpret_cast<uv_process_t*>(handle)->queue));
  }
  // What the parent's JavaScript would do on a signal, the child does not; from the first moment.
  if (type == UV_SIGNAL) (void)signal(reinterpret_cast<uv_signal_t*>(handle)->signum, SIG_DFL);
  if (type == UV_NAMED_PIPE) reinterpret_cast<uv_pipe_t*>(handle)->pipe_fname = nullptr;
  const bool has_descriptor =
      type == UV_TCP || type == UV_NAMED_PIPE || type == UV_UDP || type == UV_POLL;
  if (!has_descriptor || IsSpared(*claim, handle) || IsStandard(handle)) return;
  const int descriptor = DescriptorOf(handle);
  if (descriptor < 0) return;
  dup3(claim->inert, descriptor, O_CLOEXEC);
  if (type == UV_POLL) return;
  // Accepted, but not yet taken by the parent's JavaScript.
  int& accepted = reinterpret_cast<uv_stream_t*>(handle)->accepted_fd;
  if (type == UV_UDP || accepted < 0) return;
  close(accepted);
  accepted = -1;
}

void Still(uv_handle_t* handle, void* raw) {
  if (IsSpared(*static_cast<const Claim*>(raw), handle) || uv_is_closing(handle) != 0) return;
  switch (uv_handle_get_type(handle)) {
    case UV_TCP:
    case UV_NAMED_PIPE:
    case UV_TTY:
      uv_read_stop(reinterpret_cast<uv_stream_t*>(handle));
      break;
    case UV_UDP:
      uv_udp_recv_stop(reinterpret_cast<uv_udp_t*>(handle));
      break;
    case UV_POLL:
      uv_poll_stop(reinterpret_cast<uv_poll_t*>(handle));
      break;
    case UV_FS_EVENT:
      uv_fs_event_stop(reinterpret_cast<uv_fs_event_t*>(handle));
      break;
    case UV_FS_POLL:
      uv_fs_poll_stop(reinterpret_cast<uv_fs_poll_t*>(handle));
      break;
    case UV_PROCESS:
    case UV_ASYNC:
      break;
    default:
      return;  // the loop's own, V8's and Node's: they go on
  }
  uv_unref(handle);
}

/// Async handles that were about to run.
struct PendingAsync {
  uv_async_t* handles[64];
  size_t count = 0;
};

void CollectPending(uv_handle_t* handle, void* raw) {
  auto* pending = static_cast<PendingAsync*>(raw);
  if (uv_handle_get_type(handle) != UV_ASYNC || uv_is_closing(handle) != 0) return;
  auto* async = reinterpret_cast<uv_async_t*>(handle);
  if (async->pending == 0 || pending->count == std::size(pending->handles)) return;
  pending->handles[pending->count++] = async;
}

/// The child's own inotify instance under the number of the one that it shares with its parent,
/// where removing a watch would remove the parent's.
bool ReplaceInotify(const uv_loop_t* loop) {
  if (loop->inotify_fd < 0) return true;
  const int fresh = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  const bool placed = fresh >= 0 && dup3(fresh, loop->inotify_fd, O_CLOEXEC) >= 0;
  if (fresh >= 0) close(fresh);
  return placed;
}

}  // namespace

Verdict CheckLoop(uv_loop_t* loop) {
  Obstacles found;
  uv_walk(loop, FindObstacles, &found);
  if (found.writes_output) {
    return Verdict::No("what this process has printed is not read yet by whoever reads its output");
  }
  if (found.asks_names) return Verdict::No("a name look-up (DNS) is under way");
  if (loop->active_reqs.count > found.requests) {
    return Verdict::No("%u operations of libuv's thread pool are under way (files, names, crypto)",
                       loop->active_reqs.count - found.requests);
  }
  if (loop->closing_handles != nullptr || !IsEmpty(LinksOf(&loop->pending_queue)) ||
      found.has_message) {
    return Verdict::No("the event loop always has more to do");
  }
  return Verdict::Ok();
}

bool ClaimLoop(const LoopPlan& plan) {
  const Claim claim{&plan, timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)};
  if (claim.inert < 0 || !ReplaceInotify(plan.loop)) return false;
  uv_walk(plan.loop, Detach, const_cast<Claim*>(&claim));
  close(claim.inert);
  plan.loop->active_reqs.count = 0;
  if (!RenewLoop(plan.loop)) return false;
  uv_walk(plan.loop, Still, const_cast<Claim*>(&claim));
  return true;
}

bool RenewLoop(uv_loop_t* loop) {
  // uv_loop_fork forgets these: it expects that nobody is left who sent them.
  PendingAsync pending;
  uv_walk(loop, CollectPending, &pending);
  if (uv_loop_fork(loop) != 0) return false;
  for (size_t i = 0; i < pending.count; ++i) uv_async_send(pending.handles[i]);
  return true;
}

Verdict CheckNode() {
  if (NodesQueries() != nullptr) return Verdict::Ok();
  return Verdict::No("this Node does not show whether it looks names up");
}

}  // namespace mp::fork
