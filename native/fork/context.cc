// The three routines in assembler; see the header.
#include "fork/context.h"

#include <cstddef>

#if defined(__x86_64__)

static_assert(offsetof(mp::fork::Context, stack_pointer) == 48);
static_assert(offsetof(mp::fork::Context, return_address) == 56);

// rt_sigreturn is call 15 of x86-64.
asm(R"(
  .text
  .globl MpForkSave
  .hidden MpForkSave
  .type MpForkSave, @function
MpForkSave:
  endbr64
  movq %rbx, 0(%rdi)
  movq %rbp, 8(%rdi)
  movq %r12, 16(%rdi)
  movq %r13, 24(%rdi)
  movq %r14, 32(%rdi)
  movq %r15, 40(%rdi)
  leaq 8(%rsp), %rdx
  movq %rdx, 48(%rdi)
  movq (%rsp), %rdx
  movq %rdx, 56(%rdi)
  xorl %eax, %eax
  ret
  .size MpForkSave, .-MpForkSave

  .globl MpForkResume
  .hidden MpForkResume
  .type MpForkResume, @function
MpForkResume:
  endbr64
  movq 0(%rdi), %rbx
  movq 8(%rdi), %rbp
  movq 16(%rdi), %r12
  movq 24(%rdi), %r13
  movq 32(%rdi), %r14
  movq 40(%rdi), %r15
  movq 48(%rdi), %rsp
  movl $1, %eax
  jmpq *56(%rdi)
  .size MpForkResume, .-MpForkResume

  .globl MpForkSignalReturn
  .hidden MpForkSignalReturn
  .type MpForkSignalReturn, @function
MpForkSignalReturn:
  movl $15, %eax
  syscall
  .size MpForkSignalReturn, .-MpForkSignalReturn
)");

#endif
