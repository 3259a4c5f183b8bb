// One open file, socket or process of the system, closed with its owner.
#pragma once

#include <cstddef>
#include <cstdint>

#include "os/status.h"

namespace mp::os {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { Close(); }
  Descriptor(Descriptor&& other) noexcept : number_(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      Close();
      number_ = other.Release();
    }
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }
  /// Gives the number away; it is not closed here any more.
  int Release() {
    const int number = number_;
    number_ = -1;
    return number;
  }
  void Close();

 private:
  int number_ = -1;
};

/// Two ends for short messages, each of which arrives whole or not at all. Never inherited by
/// chance; an end reads as ended when the last copy of the other one is closed.
Status OpenMessagePair(Descriptor* one, Descriptor* other);
/// Sends one byte as a message; an end whose other side is gone, or is full, swallows it.
void SendByte(int descriptor, uint8_t message);
enum class Received { kMessage, kNothing, kEnded };
/// Takes the next message without waiting for one.
[[nodiscard]] Received ReceiveByte(int descriptor, uint8_t* message);

/// Whether the descriptor can be read (or has ended) within the time; 0 only looks.
[[nodiscard]] bool IsReadable(int descriptor, int timeout_ms);
[[nodiscard]] bool IsOpen(int descriptor);
/// A descriptor that is readable for ever.
Status OpenAlwaysReadable(Descriptor* result);
/// What a process reads that has no input.
Status OpenNull(Descriptor* result);
/// Keeps a descriptor that was inherited from being inherited further.
void StopInheritance(int descriptor);

}  // namespace mp::os
