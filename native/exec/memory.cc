#include "exec/memory.h"

#include <cstdlib>
#include <cstring>
#if defined(__linux__)
#include <sys/mman.h>
#endif
#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace keratin {

void advise_huge([[maybe_unused]] void* data, [[maybe_unused]] size_t bytes) {
#if defined(__linux__)
  constexpr uintptr_t kPage = 4096;
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(data) + kPage - 1) & ~(kPage - 1);
  const uintptr_t end = (reinterpret_cast<uintptr_t>(data) + bytes) & ~(kPage - 1);
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

void keep_freed_memory() {
#if defined(__GLIBC__)
  if (std::getenv("MALLOC_TRIM_THRESHOLD_") || std::getenv("MALLOC_MMAP_THRESHOLD_")) return;
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that it takes
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
}

// KERATIN_CANARY as in lib/core/memory.ts, or -1.
static int canary() {
  static const int byte = [] {
    const char* text = std::getenv("KERATIN_CANARY");
    return text ? std::atoi(text) & 0xff : -1;
  }();
  return byte;
}

AlignedBlock::AlignedBlock(int64_t bytes) {
  const bool large = bytes >= 1 << 20;
  const int64_t alignment = large ? static_cast<int64_t>(kHugePage) : kAlignment;
  const int64_t size = (bytes + alignment - 1) / alignment * alignment;
  if (size == 0) return;
  data_ = static_cast<char*>(std::aligned_alloc(static_cast<size_t>(alignment), static_cast<size_t>(size)));
  if (data_ == nullptr) return;
  bytes_ = size;
  if (large) advise_huge(data_, static_cast<size_t>(size));
  if (canary() >= 0) std::memset(data_, canary(), static_cast<size_t>(size));
}

AlignedBlock::~AlignedBlock() { std::free(data_); }

void* thread_scratch(Scratch use, int64_t bytes) {
  thread_local AlignedBlock blocks[static_cast<int>(Scratch::Count)];
  AlignedBlock& block = blocks[static_cast<int>(use)];
  if (block.bytes() < bytes) {
    block = AlignedBlock();
    block = AlignedBlock(bytes);
  }
  return block.data();
}

}  // namespace keratin
