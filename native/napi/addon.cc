// The addon's entry point.
#include <napi.h>

#include "napi/env_state.h"
#include "napi/errors.h"
#include "napi/objects.h"

namespace mp::napi {

namespace {

/// The state is owned by its clean-up hook: it must end on this thread, before the isolate does.
void KeepState(Napi::Env /*env*/, EnvState* /*state*/) {}

}  // namespace

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData<EnvState, KeepState>(new EnvState(env));
  exports.Set("setErrorFactory", Napi::Function::New<SetErrorFactory>(env, "setErrorFactory"));
  ExportMemory(env, exports);
  ExportNamed(env, exports);
  ExportReferences(env, exports);
  ExportDataBlock(env, exports);
  ExportLock(env, exports);
  ExportRLock(env, exports);
  ExportBarrier(env, exports);
  ExportRWLock(env, exports);
  ExportSemaphore(env, exports);
  ExportCondition(env, exports);
  ExportRing(env, exports);
  ExportPipe(env, exports);
  ExportChild(env, exports);
  ExportParent(env, exports);
  ExportStream(env, exports);
  ExportSocket(env, exports);
  ExportEvent(env, exports);
  ExportWait(env, exports);
  ExportThreads(env, exports);
  ExportFork(env, exports);
  ExportForkserver(env, exports);
  ExportLiveFork(env, exports);
  return exports;
}

}  // namespace mp::napi

using mp::napi::Init;
NODE_API_MODULE(node_multiprocessing, Init)
