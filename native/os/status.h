// The result of a system call: success, or the error number and the call's name.
#pragma once

namespace mp::os {

struct [[nodiscard]] Status {
  int error = 0;
  const char* call = "";

  [[nodiscard]] bool ok() const { return error == 0; }
  /// What was named does not exist.
  [[nodiscard]] bool IsNotFound() const;
};

}  // namespace mp::os
