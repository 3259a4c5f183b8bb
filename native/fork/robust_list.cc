// The kernel's view of a thread; see the header.
#include "fork/robust_list.h"

#include <dlfcn.h>
#include <sys/syscall.h>

#include "fork/kernel.h"

namespace mp::fork {
namespace {

constexpr long kSignature = 0x53053053;  // RSEQ_SIG of glibc on x86-64
constexpr long kLeastBytes = 32;
const std::ptrdiff_t* rseq_offset = nullptr;
const unsigned* rseq_size = nullptr;

}  // namespace

void RobustList::Read() {
  if (Kernel(SYS_get_robust_list, 0, AsArgument(&head_), AsArgument(&bytes_)) < 0) head_ = nullptr;
}

void RobustList::Register() const {
  if (head_ == nullptr) return;
  Kernel(SYS_set_robust_list, AsArgument(head_), static_cast<long>(bytes_));
}

void RobustList::Empty() const {
  if (head_ == nullptr) return;
  auto* const empty = static_cast<void*>(head_);  // a list that ends in its own head
  head_[-1] = empty;
  head_[0] = empty;
}

bool RobustList::IsAsExpected() const {
  const auto* const empty = static_cast<const void*>(head_);
  return head_ != nullptr && head_[0] == empty && head_[-1] == empty;
}

void FindRestartableSequences() {
  // Exported since glibc 2.35; before that it registers none.
  rseq_offset = static_cast<const std::ptrdiff_t*>(dlsym(RTLD_DEFAULT, "__rseq_offset"));
  rseq_size = static_cast<const unsigned*>(dlsym(RTLD_DEFAULT, "__rseq_size"));
}

void RegisterRestartableSequences(uintptr_t thread_pointer) {
  if (rseq_offset == nullptr || rseq_size == nullptr || *rseq_size == 0) return;
  const long bytes =
      static_cast<long>(*rseq_size) > kLeastBytes ? static_cast<long>(*rseq_size) : kLeastBytes;
  // A failure costs nothing: it is a hint about the processor in use.
  Kernel(SYS_rseq, static_cast<long>(thread_pointer) + *rseq_offset, bytes, 0, kSignature);
}

}  // namespace mp::fork
