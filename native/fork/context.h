// Where a thread stands: the registers that a function call keeps, so that another kernel thread
// can go on from there. As setjmp and longjmp, but without glibc's pointer mangling, which depends
// on the thread, and usable from a thread that was made by a bare clone(2).
//
//   OFFSET | SIZE | FIELD (x86-64)
//   -------+------+---------------------------------
//        0 |   48 | rbx, rbp, r12, r13, r14, r15
//       48 |    8 | rsp after the return
//       56 |    8 | address to return to
#pragma once

#include <cstdint>

namespace mp::fork {

struct Context {
  uint64_t kept[6];
  uint64_t stack_pointer;
  uint64_t return_address;
};

extern "C" {
/// 0 at once; 1 when MpForkResume continues here. The caller's frame must still exist then.
int MpForkSave(Context* context) __attribute__((returns_twice));
[[noreturn]] void MpForkResume(const Context* context);
/// What a signal handler that was installed by a bare rt_sigaction returns to.
void MpForkSignalReturn();
}

}  // namespace mp::fork
