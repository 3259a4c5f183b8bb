// V8 marks the pages that it maps MADV_DONTFORK, so that a fork that only wants to execute another
// program is fast. A child that is to go on needs them.
#pragma once

namespace mp::fork {

/// Makes all private memory of this process part of its forked children. Again before each fork of
/// a process that ran since: V8 maps new pages all the time. False when /proc does not tell.
[[nodiscard]] bool InheritAllPages();

}  // namespace mp::fork
