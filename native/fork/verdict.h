// Whether this process can be forked, and if not, why: text for the user.
#pragma once

#include <cstdarg>
#include <cstdio>

namespace mp::fork {

/// Of fixed size: it is also made while other threads stand still, when nothing may be allocated.
struct [[nodiscard]] Verdict {
  char reason[200] = {};

  [[nodiscard]] bool ok() const { return reason[0] == '\0'; }

  static Verdict Ok() { return {}; }
  __attribute__((format(printf, 1, 2))) static Verdict No(const char* format, ...) {
    Verdict verdict;
    va_list arguments;
    va_start(arguments, format);
    (void)std::vsnprintf(verdict.reason, sizeof verdict.reason, format, arguments);
    va_end(arguments);
    return verdict;
  }
};

}  // namespace mp::fork
