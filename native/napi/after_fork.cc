// Calls each part of the addon that has state of a process; see the header.
#include "napi/after_fork.h"

#include "napi/children.h"
#include "napi/descriptor_office.h"
#include "napi/env_state.h"
#include "napi/forkserver.h"
#include "napi/threads.h"
#include "os/process.h"
#include "sync/wait_hub.h"

namespace mp::napi {

void ResetAfterFork(Napi::Env env) {
  os::ForgetOwnThreads();
  sync::WaitHub::ResetAfterFork();
  Children::Instance().ResetAfterFork();
  Forkserver::Instance().ResetAfterFork();
  DescriptorOffice::ResetAfterFork();
  Threads::Instance().ResetAfterFork();
  EnvState::Of(env)->ResetAfterFork(env);
}

}  // namespace mp::napi
