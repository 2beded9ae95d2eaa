#include "exec/memory.h"

#include <cstdio>
#include <cstdlib>
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace keratin {

static constexpr int64_t kHugePage = 2 << 20;
static constexpr int64_t kHugeFrom = 1 << 20;

AlignedBlock::AlignedBlock(int64_t bytes) {
  const int64_t alignment = bytes >= kHugeFrom ? kHugePage : kAlignment;
  const int64_t size = (bytes + alignment - 1) / alignment * alignment;
  if (size == 0) return;
  data_ = static_cast<char*>(std::aligned_alloc(static_cast<size_t>(alignment), static_cast<size_t>(size)));
  if (data_ == nullptr) return;
  bytes_ = size;
#if defined(__linux__)
  if (bytes >= kHugeFrom) madvise(data_, static_cast<size_t>(size), MADV_HUGEPAGE);
#endif
}

AlignedBlock::~AlignedBlock() { std::free(data_); }

void* thread_scratch(Scratch use, int64_t bytes) {
  thread_local AlignedBlock blocks[static_cast<int>(Scratch::Count)];
  AlignedBlock& block = blocks[static_cast<int>(use)];
  if (block.bytes() < bytes) {
    block = AlignedBlock();
    block = AlignedBlock(bytes);
    if (block.data() == nullptr) {
      std::fprintf(stderr, "keratin: out of memory (%lld bytes of kernel scratch)\n", static_cast<long long>(bytes));
      std::abort();
    }
  }
  return block.data();
}

}  // namespace keratin
