// POSIX implementation of os/status.h.
#include "os/status.h"

#include <errno.h>

namespace mp::os {

bool Status::IsNotFound() const { return error == ENOENT || error == ESRCH; }

}  // namespace mp::os
