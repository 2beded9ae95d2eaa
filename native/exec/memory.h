// Memory that kernels see: aligned blocks and scratch of a thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

namespace keratin {

inline constexpr int64_t kAlignment = 64;  // a cache line, and the widest vector

// `bytes` rounded up to a multiple of the alignment.
constexpr int64_t aligned(int64_t bytes) { return (bytes + kAlignment - 1) & ~(kAlignment - 1); }

inline constexpr size_t kHugePage = 2 << 20;

// Asks the system for huge pages wherever whole ones fit: the first write to 4 MiB of new memory took 1.5 ms page by page, and
// 0.2 ms with them.
void advise_huge(void* data, size_t bytes);

// Lets malloc keep up to 256 MiB that was freed, unless the environment sets its thresholds: results of a garbage collection are
// freed together, and given back to the system they cost a fault a page when they are written again.
void keep_freed_memory();

// An uninitialised block, aligned to kAlignment; from 1 MiB on in huge pages.
class AlignedBlock {
 public:
  AlignedBlock() = default;
  explicit AlignedBlock(int64_t bytes);  // data() is null when memory is short
  AlignedBlock(AlignedBlock&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  AlignedBlock& operator=(AlignedBlock&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~AlignedBlock();

  char* data() const { return data_; }
  int64_t bytes() const { return bytes_; }

 private:
  char* data_ = nullptr;
  int64_t bytes_ = 0;
};

// A kernel and the epilogue it calls need scratch at the same time.
enum class Scratch { Kernel, Epilogue, Count };

// At least `bytes` of the calling thread's own memory, null for none or when memory is short; valid until the thread asks again for the same
// use with more bytes.
void* thread_scratch(Scratch use, int64_t bytes);

}  // namespace keratin
