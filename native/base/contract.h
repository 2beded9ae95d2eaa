// What a kernel asks of the instruction that names it: its integers, its reals and its operands, in their order. A kernel file states it
// beside its rows, as a function that runs when a plan is compiled and never when the plan runs:
//   void gather_contract(Contract& c) {
//     const Extent outer = c.size("outer"), axis = c.size("axis"), inner = c.size("inner"), n = c.size("n");
//     c.flag("wrap");
//     c.in(outer * axis * inner);
//     c.in(DType::I32, n);
//     c.out(outer * n * inner);
//   }
// An instruction is refused when an integer is missing, out of its range or left over, and when an operand is missing, left over or
// shorter than the kernel reaches. Whatever passes, the kernel may compute with: no product of sizes that a contract names overflows.
#pragma once
#include "base/dtype.h"
#include "base/inline.h"

namespace keratin {

// A number of elements. It never overflows: beyond kMost it is just too large. Zeros hide nothing: 0 * 2^60 * 2^60 is too large.
class Extent {
 public:
  static constexpr int64_t kMost = int64_t{1} << 48;

  KR_INLINE constexpr Extent(int64_t count) : count_(limited(count)), bound_(count == 0 ? 1 : limited(count)) {}
  KR_INLINE friend constexpr Extent operator*(Extent a, Extent b) { return {product(a.count_, b.count_), product(a.bound_, b.bound_)}; }
  KR_INLINE friend constexpr Extent operator+(Extent a, Extent b) { return {limited(a.count_ + b.count_), limited(a.bound_ + b.bound_)}; }

  KR_INLINE constexpr int64_t count() const { return count_; }
  KR_INLINE constexpr bool fits() const { return bound_ <= kMost; }

 private:
  KR_INLINE constexpr Extent(int64_t count, int64_t bound) : count_(count), bound_(bound) {}
  KR_INLINE static constexpr int64_t limited(int64_t n) { return n >= 0 && n <= kMost ? n : kMost + 1; }
  KR_INLINE static constexpr int64_t product(int64_t a, int64_t b) {
    int64_t result = 0;
    return __builtin_mul_overflow(a, b, &result) ? kMost + 1 : limited(result);
  }

  int64_t count_;  // at most kMost + 1
  int64_t bound_;  // the same with every zero counted as one
};

KR_INLINE constexpr Extent smaller(Extent a, Extent b) { return a.count() < b.count() ? a : b; }
KR_INLINE constexpr Extent larger(Extent a, Extent b) { return a.count() < b.count() ? b : a; }

// The elements that strides reach, from the operand's first on.
class Span {
 public:
  // An axis of `size` elements that are `stride` apart.
  KR_INLINE void axis(int64_t size, int64_t stride) {
    if (size == 0) empty_ = true;
    int64_t way = 0;
    const bool far = __builtin_mul_overflow(size > 0 ? size - 1 : 0, stride, &way) || way > Extent::kMost || way < -Extent::kMost;
    if (far) return void(fits_ = false);
    (way < 0 ? low_ : high_) += way;
    fits_ = fits_ && low_ >= -Extent::kMost && high_ <= Extent::kMost;
  }
  // All elements are `offset` further on.
  KR_INLINE void shift(int64_t offset) {
    low_ += offset;
    high_ += offset;
  }
  KR_INLINE Extent extent() const { return !fits_ || low_ < 0 ? Extent(Extent::kMost) + 1 : Extent(empty_ ? 0 : high_ + 1); }

 private:
  int64_t low_ = 0, high_ = 0;
  bool empty_ = false, fits_ = true;
};

// The element types of a kernel's operands, those that it reads and those that it writes. Operands of another type say so themselves.
struct DTypes {
  DType in, out;
  KR_INLINE constexpr DTypes(DType both) : in(both), out(both) {}
  KR_INLINE constexpr DTypes(DType from, DType to) : in(from), out(to) {}
  friend constexpr bool operator==(DTypes, DTypes) = default;
};

class Contract {
 public:
  static constexpr int kMaxOperands = 8;
  static constexpr int64_t kMostInteger = int64_t{1} << 53;

  struct Operand {
    int64_t bytes;
    bool written;
    int over;     // number of the operand whose memory this one may share; -1: none
    bool absent;  // the kernel writes it only where there is no epilogue
  };
  // The matrices that an epilogue gets, tile by tile.
  struct Product {
    Extent matrices = 0, rows = 0, columns = 0;
  };

  Contract(DTypes types, const int64_t* ints, int64_t int_count, int64_t real_count, bool epilogue)
      : types_(types), ints_(ints), int_count_(int_count), real_count_(real_count), epilogue_(epilogue) {}

  // The next integer, in [low, high]; `low` after anything was refused.
  KR_INLINE int64_t integer(const char* what, int64_t low = -kMostInteger, int64_t high = kMostInteger) {
    if (next_ >= int_count_) refuse(what, "the integer is missing");
    if (!ok()) return low;
    const int64_t value = ints_[next_++];
    if (value >= low && value <= high) return value;
    refuse(what, "the integer is out of range");
    return low;
  }
  // The next integer, a size.
  KR_INLINE Extent size(const char* what, int64_t low = 0, int64_t high = Extent::kMost) { return integer(what, low, high); }
  // The next integer, 0 or 1.
  KR_INLINE bool flag(const char* what) { return integer(what, 0, 1) != 0; }
  // The number of reals.
  KR_INLINE void reals(Extent count) {
    reals_ = count.count();
    bounded("reals", count);
  }

  // The next operand, which has `extent` elements.
  KR_INLINE void in(DType type, Extent extent) { add(type, extent, false, -1, false); }
  KR_INLINE void in(Extent extent) { in(types_.in, extent); }
  KR_INLINE void out(DType type, Extent extent) { add(type, extent, true, -1, false); }
  KR_INLINE void out(Extent extent) { out(types_.out, extent); }
  // The same, and it may be operand `over` itself.
  KR_INLINE void out_over(int over, Extent extent) { add(types_.out, extent, true, over, false); }
  // The next operand, which goes tile by tile to the epilogue where there is one. Kernels that count rows through all matrices say that
  // there is one matrix.
  KR_INLINE void product(Extent matrices, Extent rows, Extent columns) {
    product_ = {matrices, rows, columns};
    has_product_ = true;
    add(types_.out, matrices * rows * columns, true, -1, epilogue_);
  }

  // Refuses what has more elements than can be counted, such as scratch.
  KR_INLINE void bounded(const char* what, Extent extent) {
    if (!extent.fits()) refuse(what, "too many elements");
  }
  KR_INLINE void require(bool condition, const char* what, const char* why) {
    if (!condition) refuse(what, why);
  }
  KR_INLINE bool ok() const { return why_ == nullptr; }

  // For the reader of plans.
  DTypes types() const { return types_; }
  bool has_product() const { return has_product_; }
  const Product& matrices() const { return product_; }
  int operand_count() const { return operand_count_; }
  const Operand& operand(int i) const { return operands_[i]; }
  const char* what() const { return what_; }
  const char* why() const { return why_; }
  // To be called after the kernel has stated everything.
  void close() {
    if (ok() && next_ < int_count_) refuse("integers", "more than the kernel takes");
    if (ok() && reals_ != real_count_) refuse("reals", "not as many as the kernel takes");
    if (ok() && epilogue_ && !has_product_) refuse("epilogue", "the kernel takes none");
  }

 private:
  KR_INLINE void refuse(const char* what, const char* why) {
    if (!ok()) return;
    what_ = what;
    why_ = why;
  }
  KR_INLINE void add(DType type, Extent extent, bool written, int over, bool absent) {
    bounded("operand", extent);
    if (operand_count_ == kMaxOperands) return refuse("operands", "too many");
    operands_[operand_count_++] = {extent.count() * size_of(type), written, over, absent};
  }

  DTypes types_;
  const int64_t* ints_;
  int64_t int_count_, real_count_;
  bool epilogue_;
  int64_t next_ = 0, reals_ = 0;
  int operand_count_ = 0;
  Operand operands_[kMaxOperands] = {};
  bool has_product_ = false;
  Product product_;
  const char *what_ = "", *why_ = nullptr;
};

}  // namespace keratin
