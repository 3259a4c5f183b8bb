// What a forked child makes its own, and what it forgets because it is its parent's.
//
//   STATE                                | IN THE CHILD
//   -------------------------------------+-----------------------------------------------------
//   segments and their mappings          | kept: the same memory at the same addresses
//   this thread's ids in them            | forgotten, not given back: new ones when needed
//   objects that it holds there          | held by the child too, under its new ids
//   its doorbell                         | closed here, and a new one made
//   its pending waits                    | forgotten; nothing of them is withdrawn
//   hub threads, other own threads       | not there; started anew when needed
//   opened doorbells of others           | kept
//   processes that it started            | its parent's: forgotten, neither watched nor joined
//   its connections                      | the child has them too; none of its waits
//   descriptors that it keeps for others | closed here: they are fetched from the parent
//   its forkserver                       | its parent's: forgotten
//   threads that have names              | its parent's: forgotten, counted anew
#pragma once

#include <napi.h>

namespace mp::napi {

void ResetAfterFork(Napi::Env env);

}  // namespace mp::napi
