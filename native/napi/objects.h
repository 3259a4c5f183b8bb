// What the addon exports: one function for each native object, one file for each.
#pragma once

#include <napi.h>

namespace mp::napi {

void ExportMemory(Napi::Env env, Napi::Object exports);
void ExportNamed(Napi::Env env, Napi::Object exports);
void ExportReferences(Napi::Env env, Napi::Object exports);
void ExportDataBlock(Napi::Env env, Napi::Object exports);
void ExportLock(Napi::Env env, Napi::Object exports);
void ExportRLock(Napi::Env env, Napi::Object exports);
void ExportBarrier(Napi::Env env, Napi::Object exports);
void ExportRWLock(Napi::Env env, Napi::Object exports);
void ExportSemaphore(Napi::Env env, Napi::Object exports);
void ExportCondition(Napi::Env env, Napi::Object exports);
void ExportRing(Napi::Env env, Napi::Object exports);
void ExportPipe(Napi::Env env, Napi::Object exports);
void ExportChild(Napi::Env env, Napi::Object exports);
void ExportParent(Napi::Env env, Napi::Object exports);
void ExportStream(Napi::Env env, Napi::Object exports);
void ExportSocket(Napi::Env env, Napi::Object exports);
void ExportEvent(Napi::Env env, Napi::Object exports);
void ExportThreads(Napi::Env env, Napi::Object exports);
void ExportWait(Napi::Env env, Napi::Object exports);
void ExportForkserver(Napi::Env env, Napi::Object exports);
void ExportFork(Napi::Env env, Napi::Object exports);
void ExportLiveFork(Napi::Env env, Napi::Object exports);

}  // namespace mp::napi
