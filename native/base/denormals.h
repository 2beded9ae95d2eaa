// Denormal numbers cost hundreds of cycles an operation, so plans run with them flushed to zero.
#pragma once
#include <cstdint>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace keratin {

// Sets the calling thread's floating-point mode to the default rounding, no traps, denormals flushed; restores the former
// mode and its status flags when it goes out of scope.
class FlushDenormals {
 public:
  FlushDenormals() : saved_(read()) {
    if (saved_ != kFlushed) write(kFlushed);
  }
  ~FlushDenormals() {
    if (read() != saved_) write(saved_);
  }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
#if defined(__x86_64__)
  using Mode = uint32_t;
  static constexpr Mode kFlushed = 0x1F80 | 0x8000 | 0x0040;  // MXCSR: exceptions masked | FTZ | DAZ
  static Mode read() { return _mm_getcsr(); }
  static void write(Mode mode) { _mm_setcsr(mode); }
#elif defined(__aarch64__)
  using Mode = uint64_t;
  static constexpr Mode kFlushed = Mode{1} << 24;  // FPCR: FZ
  static Mode read() {
    Mode mode;
    asm volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
  }
  static void write(Mode mode) { asm volatile("msr fpcr, %0" ::"r"(mode)); }
#else
  using Mode = int;
  static constexpr Mode kFlushed = 0;
  static Mode read() { return kFlushed; }
  static void write(Mode) {}
#endif
  Mode saved_;
};

}  // namespace keratin
