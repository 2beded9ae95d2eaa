// Writing rows and elements by index.
#include "run_kernel.h"
#include "typed.h"

namespace keratin::testing {
namespace {

struct Shape {
  int64_t outer, axis, inner, n;
};

const Shape kShapes[] = {{1, 1, 1, 1},  {1, 5, 1, 0},   {1, 7, 1, 100},     {3, 7, 1, 20},    {2, 4, 3, 9}, {1, 3, 0, 4},
                         {1, 9, 16, 17}, {4, 3, 17, 5}, {1, 3000, 50, 20}, {1, 4, 9000, 5}, {2, 2000, 33, 10}, {1, 10, 700, 300}};

enum class Op { Set, Add, Multiply, Maximum, Minimum };

struct Kernel {
  const char* name;
  Op op;
  bool along = false;  // one index an element
};

const Kernel kKernels[] = {{"scatter_add", Op::Add},     {"scatter_mul", Op::Multiply}, {"scatter_max", Op::Maximum},
                           {"scatter_min", Op::Minimum}, {"scatter_add_along", Op::Add, true}};

template <typename T>
T updated(Op op, T x, T update) {
  if constexpr (!std::is_class_v<T>) {
    if (op == Op::Maximum) return update > x || update != update ? update : x;
    if (op == Op::Minimum) return update < x || update != update ? update : x;
    using Wide = std::conditional_t<std::is_integral_v<T>, uint64_t, T>;
    if (op == Op::Add) return static_cast<T>(static_cast<Wide>(x) + static_cast<Wide>(update));
    if (op == Op::Multiply) return static_cast<T>(static_cast<Wide>(x) * static_cast<Wide>(update));
  }
  return update;
}

template <typename T>
void check(const IsaTable& isa, const Kernel& kernel, const Shape& s, DType dtype) {
  std::vector<char> base = noise_bytes(s.outer * s.axis * s.inner * sizeof(T), 1);
  std::vector<char> updates = noise_bytes(s.outer * s.n * s.inner * sizeof(T), 2);
  if constexpr (std::is_floating_point_v<T>) {  // small exact numbers in place of noise
    for (std::vector<char>* bytes : {&base, &updates}) {
      T* numbers = reinterpret_cast<T*>(bytes->data());
      const size_t count = bytes->size() / sizeof(T);
      for (size_t i = 0; i < count; ++i) numbers[i] = static_cast<T>(static_cast<int>((i + count) * 37 % 101) - 50) / T(8);
    }
  }
  Noise noise(3);
  std::vector<int32_t> idx(static_cast<size_t>(kernel.along ? s.outer * s.n * s.inner : s.n));
  for (int32_t& index : idx) index = static_cast<int32_t>(noise.below(s.axis + 2)) - 1;
  std::vector<T> expected(base.size() / sizeof(T));
  if (!base.empty()) std::memcpy(expected.data(), base.data(), base.size());
  for (int64_t at = 0; at < s.outer * s.n * s.inner; ++at) {
    const int64_t i = at % s.inner, j = at / s.inner % s.n, o = at / s.inner / s.n, row = idx[kernel.along ? at : j];
    if (row < 0 || row >= s.axis) continue;
    T update;
    std::memcpy(&update, &updates[at * sizeof(T)], sizeof(T));
    T& x = expected[(o * s.axis + row) * s.inner + i];
    x = updated(kernel.op, x, update);
  }
  for (const bool in_place : {false, true}) {
    std::vector<char> out = in_place ? base : std::vector<char>(base.size(), 9);
    void* from = in_place ? out.data() : base.data();
    const std::vector<int64_t> ints = {s.outer, s.axis, s.inner, s.n, 1};
    const std::vector<void*> operands = {from, idx.data(), updates.data(), out.data()};
    const Outcome outcome = run_kernel(isa, kernel.name, dtype, ints, {}, operands, in_place ? Order::Reversed : Order::Together);
    ASSERT_TRUE(outcome.found);
    ASSERT_EQ(outcome.fault, Fault::None);
    ASSERT_TRUE(out.empty() || std::memcmp(out.data(), expected.data(), out.size()) == 0)
        << isa.name << " " << kernel.name << " " << name_of(dtype) << " " << ::testing::PrintToString(ints);
  }
}

TEST(Scatter, EveryOperationTypeAndShape) {
  for (const IsaTable* isa : isa_tables()) {
    for (const Shape& s : kShapes) {
      for (DType dtype : kAllDTypes) {
        with_type(dtype, [&](auto type) { check<typename decltype(type)::type>(*isa, {"scatter_set", Op::Set}, s, dtype); });
      }
      for (const Kernel& kernel : kKernels) {
        for (DType dtype : kArithmeticDTypes) {
          with_type(dtype, [&](auto type) { check<typename decltype(type)::type>(*isa, kernel, s, dtype); });
        }
      }
    }
  }
}

TEST(Scatter, KeepsNaN) {
  for (const IsaTable* isa : isa_tables()) {
    for (const char* name : {"scatter_max", "scatter_min"}) {
      std::vector<float> base = {NAN, 1, 2}, updates = {5, NAN, 7}, out(3);
      std::vector<int32_t> idx = {0, 1, 1};
      run_kernel(*isa, name, DType::F32, {1, 3, 1, 3, 0}, {}, {base.data(), idx.data(), updates.data(), out.data()});
      EXPECT_TRUE(std::isnan(out[0]) && std::isnan(out[1])) << name;
      EXPECT_EQ(out[2], 2);
    }
  }
}

TEST(Scatter, ReportsAnIndexOutOfRangeUnlessTold) {
  for (const IsaTable* isa : isa_tables()) {
    for (const char* name : {"scatter_add", "scatter_add_along"}) {
      std::vector<float> base = {1, 2}, updates = {10, 20}, out(2);
      std::vector<int32_t> idx = {2, 1};
      const std::vector<void*> operands = {base.data(), idx.data(), updates.data(), out.data()};
      const Outcome strict = run_kernel(*isa, name, DType::F32, {1, 2, 1, 2, 0}, {}, operands);
      EXPECT_EQ(strict.fault, Fault::IndexOutOfRange);
      EXPECT_EQ(strict.value, 2);
      EXPECT_EQ(strict.limit, 2);
      EXPECT_EQ(run_kernel(*isa, name, DType::F32, {1, 2, 1, 2, 1}, {}, operands).fault, Fault::None);
      EXPECT_EQ(out, (std::vector<float>{1, 22}));
    }
  }
}

}  // namespace
}  // namespace keratin::testing
