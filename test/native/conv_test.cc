// Convolutions and their gradients against plain loops in long double, for every instruction set.
#include <cmath>
#include <limits>
#include "run_kernel.h"
#include "typed.h"

namespace keratin::testing {
namespace {

struct Axis {
  int64_t in, out, kernel, stride = 1, dilation = 1, low = 0;
};

struct Shape {
  int64_t batch, groups, cin, cout;
  Axis axes[3];

  std::vector<int64_t> ints() const {
    std::vector<int64_t> v = {batch, groups, cin, cout};
    for (const Axis& a : axes) v.insert(v.end(), {a.in, a.out, a.kernel, a.stride, a.dilation, a.low});
    return v;
  }
  // Elements of x, of the kernel, of y.
  int64_t size(int operand) const {
    if (operand == 1) return axes[0].kernel * axes[1].kernel * axes[2].kernel * cin / groups * cout;
    int64_t n = batch * (operand == 0 ? cin : cout);
    for (const Axis& a : axes) n *= operand == 0 ? a.in : a.out;
    return n;
  }
};

enum Operand { X, Kernel, Y };

// Calls visit(x, kernel, y) for the elements of every product of the sum.
template <typename Visit>
void each_product(const Shape& s, Visit visit) {
  const Axis *p = s.axes, *q = p + 1, *r = p + 2;
  const int64_t ni = s.cin / s.groups, no = s.cout / s.groups;
  const auto source = [](const Axis& a, int64_t o, int64_t k) { return o * a.stride + k * a.dilation - a.low; };
  const auto inside = [](const Axis& a, int64_t i) { return i >= 0 && i < a.in; };
  for (int64_t y = 0; y < s.size(Y); ++y) {
    const int64_t co = y % s.cout, group = co / no, oz = y / s.cout % r->out, oy = y / s.cout / r->out % q->out;
    const int64_t ox = y / s.cout / r->out / q->out % p->out, n = y / s.cout / r->out / q->out / p->out;
    for (int64_t tap = 0; tap < p->kernel * q->kernel * r->kernel; ++tap) {
      const int64_t ix = source(*p, ox, tap / r->kernel / q->kernel), iy = source(*q, oy, tap / r->kernel % q->kernel);
      const int64_t iz = source(*r, oz, tap % r->kernel);
      if (!inside(*p, ix) || !inside(*q, iy) || !inside(*r, iz)) continue;
      const int64_t pixel = ((n * p->in + ix) * q->in + iy) * r->in + iz;
      for (int64_t c = 0; c < ni; ++c) visit(pixel * s.cin + group * ni + c, (tap * ni + c) * s.cout + co, y);
    }
  }
}

template <typename T>
std::vector<T> values(int64_t count, uint64_t seed) {
  Noise noise(seed);
  std::vector<T> v(static_cast<size_t>(count));
  for (T& x : v) {
    if constexpr (std::is_floating_point_v<T>) x = static_cast<T>(noise.uniform(-1, 1));
    else x = static_cast<T>(noise.bits());
  }
  return v;
}

// The result `operand` of the two others within the bound of any order of summation; integers exactly.
template <typename T>
void compare(const Shape& s, Operand operand, const std::vector<T> (&data)[3], const std::vector<T>& got, const char* where) {
  using Sum = std::conditional_t<std::is_floating_point_v<T>, long double, uint64_t>;
  std::vector<Sum> sums(got.size()), magnitudes(got.size()), terms(got.size());
  each_product(s, [&](int64_t x, int64_t k, int64_t y) {
    const size_t at = static_cast<size_t>(operand == X ? x : operand == Kernel ? k : y);
    const Sum a = static_cast<Sum>(operand == X ? data[Y][y] : data[X][x]), b = static_cast<Sum>(operand == Kernel ? data[Y][y] : data[Kernel][k]);
    sums[at] += a * b;
    if constexpr (std::is_floating_point_v<T>) magnitudes[at] += std::fabs(a * b);
    terms[at] += 1;
  });
  for (size_t i = 0; i < got.size(); ++i) {
    if constexpr (std::is_floating_point_v<T>) {
      const Sum bound = magnitudes[i] * (terms[i] + 1) * std::numeric_limits<T>::epsilon();
      ASSERT_LE(std::fabs(static_cast<Sum>(got[i]) - sums[i]), bound) << where << " element " << i << " of " << ::testing::PrintToString(s.ints());
    } else {
      ASSERT_EQ(got[i], static_cast<T>(sums[i])) << where << " element " << i << " of " << ::testing::PrintToString(s.ints());
    }
  }
}

// An epilogue that copies what it gets, and counts how often each element came.
template <typename T>
struct Collector : Epilogue {
  std::vector<T> out;
  std::vector<int> seen;
  int64_t columns;
  Collector(int64_t size, int64_t width) : out(static_cast<size_t>(size)), seen(out.size()), columns(width) {
    apply = [](const Epilogue* self, void* tile, int64_t row_bytes, int64_t batch, int64_t i0, int64_t i1, int64_t j0, int64_t j1) {
      Collector& it = *const_cast<Collector*>(static_cast<const Collector*>(self));
      ASSERT_EQ(batch, 0);
      for (int64_t i = i0; i < i1; ++i)
        for (int64_t j = j0; j < j1; ++j) {
          it.out[static_cast<size_t>(i * it.columns + j)] = reinterpret_cast<const T*>(static_cast<const char*>(tile) + (i - i0) * row_bytes)[j - j0];
          ++it.seen[static_cast<size_t>(i * it.columns + j)];
        }
    };
  }
};

template <typename T>
void check_epilogue(const KernelRow& row, const Shape& s, const std::vector<void*>& operands, const std::vector<T>& expected, int64_t columns) {
  const std::vector<int64_t> ints = s.ints();
  const Work work = row.plan(ints.data(), true);
  const Scratch shared(work.shared_bytes), local(work.local_bytes);
  Collector<T> collector(static_cast<int64_t>(expected.size()), columns);
  void* const given[] = {operands[0], operands[1], nullptr};
  for (int phase = 0; phase < work.phases; ++phase) {
    const Args args = {given, ints.data(), nullptr, &collector, shared.aligned(), local.aligned(), nullptr, phase};
    for (int64_t unit = work.units[phase] - 1; unit >= 0; --unit) row.run(args, {unit, unit + 1});
  }
  EXPECT_EQ(collector.out, expected);
  for (int times : collector.seen) ASSERT_EQ(times, 1);
}

// All three kernels of a family on one shape: right, whatever the grouping of units, and the same through an epilogue.
template <typename T>
void check(const IsaTable& isa, DType dtype, const Shape& s, const std::string& family) {
  const std::vector<T> data[3] = {values<T>(s.size(X), 1), values<T>(s.size(Kernel), 2), values<T>(s.size(Y), 3)};
  const struct { const char* suffix; Operand a, b, result; } parts[] = {{"", X, Kernel, Y}, {"_input", Y, Kernel, X}, {"_kernel", X, Y, Kernel}};
  for (const auto& part : parts) {
    const std::string name = family + part.suffix;
    if (!std::is_floating_point_v<T> && part.result == Kernel) continue;
    std::vector<T> out(data[part.result].size(), T(77)), again(out);
    std::vector<void*> operands = {const_cast<T*>(data[part.a].data()), const_cast<T*>(data[part.b].data()), out.data()};
    ASSERT_TRUE(run_kernel(isa, name.c_str(), dtype, s.ints(), {}, operands).found) << name;
    compare(s, part.result, data, out, name.c_str());
    operands[2] = again.data();
    run_kernel(isa, name.c_str(), dtype, s.ints(), {}, operands, Order::Reversed);
    ASSERT_EQ(out, again) << name;
    const bool dense = s.axes[0].stride == 1 && s.axes[1].stride == 1 && s.axes[2].stride == 1;
    if (part.result == Y || (part.result == X && dense))
      check_epilogue(*find_kernel(isa, name.c_str(), dtype), s, operands, out, part.result == Y ? s.cout : s.cin);
  }
}

void check_floats(const Shape& s, const std::string& family = "conv") {
  for (const IsaTable* isa : isa_tables()) {
    check<float>(*isa, DType::F32, s, family);
    check<double>(*isa, DType::F64, s, family);
  }
}

// Random axes: any stride, dilation and padding, also a negative one, and outputs that reach beyond the input.
Axis random_axis(Noise& noise, int64_t longest, int64_t largest) {
  const auto from = [&](int64_t a, int64_t b) { return a + noise.below(b - a + 1); };
  Axis a{from(1, longest), 0, from(1, largest), from(1, 3), from(1, 3), from(-2, 4)};
  const int64_t reach = (a.kernel - 1) * a.dilation + 1;
  a.out = std::max<int64_t>(noise.below(10) ? 1 : 0, (a.in + a.low + from(0, 3) - reach) / a.stride + 1);
  return a;
}

TEST(Conv, AnyGeometry) {
  Noise noise(5);
  for (int i = 0; i < 120; ++i) {
    const int64_t groups = noise.below(3) ? 1 : 1 + noise.below(4);
    Shape s{1 + noise.below(3), groups, groups * (1 + noise.below(20)), groups * (1 + noise.below(40)), {}};
    s.axes[0] = noise.below(3) ? Axis{1, 1, 1} : random_axis(noise, 3, 2);
    s.axes[1] = noise.below(4) ? random_axis(noise, 8, 4) : Axis{1, 1, 1};
    s.axes[2] = random_axis(noise, 19, 4);
    check_floats(s);
  }
}

TEST(Conv, ManyUnitsAndParts) {
  check_floats({2, 1, 3, 20, {{1, 1, 1}, {33, 17, 3, 2, 1, 1}, {40, 20, 5, 2, 1, 2}}});
  check_floats({1, 1, 70, 66, {{1, 1, 1}, {14, 14, 3, 1, 1, 1}, {17, 17, 3, 1, 1, 1}}});
  check_floats({1, 1, 300, 40, {{1, 1, 1}, {7, 7, 3, 1, 1, 1}, {7, 7, 3, 1, 1, 1}}});
  check_floats({1, 1, 128, 600, {{1, 1, 1}, {3, 3, 1}, {20, 20, 1}}});
  check_floats({1, 2, 6, 4, {{1, 1, 1}, {1, 1, 1}, {3000, 1500, 4, 2, 1, 1}}});
  check_floats({2, 1, 40, 1, {{1, 1, 1}, {33, 33, 3, 1, 1, 1}, {20, 20, 3, 1, 1, 1}}});
  check_floats({1, 2, 6, 50, {{1, 1, 1}, {21, 11, 5, 2, 1, 2}, {20, 10, 3, 2, 1, 1}}});
}

// Rows that are read from lines of the source: in place and in padded copies, two lines in a tile, runs of several taps and parts of
// runs, planes, dilated and strided taps, many units.
TEST(Conv, Lines) {
  check_floats({3, 1, 5, 40, {{1, 1, 1}, {30, 28, 3}, {32, 30, 3}}});
  check_floats({5, 1, 16, 48, {{1, 1, 1}, {15, 13, 3}, {15, 13, 3}}});
  check_floats({2, 1, 400, 10, {{1, 1, 1}, {9, 9, 3, 1, 1, 1}, {7, 7, 3, 1, 1, 1}}});
  check_floats({2, 1, 6, 20, {{5, 5, 3, 1, 1, 1}, {11, 11, 3, 1, 1, 1}, {13, 13, 3, 1, 1, 1}}});
  check_floats({2, 1, 1, 6, {{4, 4, 2, 1, 1, 0}, {6, 6, 3, 1, 1, 1}, {6, 6, 2, 1, 1, 0}}});
  check_floats({2, 1, 20, 24, {{1, 1, 1}, {16, 16, 3, 1, 1, 1}, {31, 16, 3, 2, 1, 1}}});
  check_floats({4, 1, 3, 16, {{1, 1, 1}, {24, 24, 5, 1, 2, 4}, {24, 24, 3, 1, 1, 1}}});
  check_floats({1, 1, 3, 8, {{1, 1, 1}, {5, 40, 3, 1, 1, 18}, {12, 20, 3, 1, 1, 5}}});
}

// Rows that are read by taps of the last axis: any geometry; lines in pairs, across images and left over; weights packed before and on
// the way, by columns and transposed; parts of a tap; large weights; no tap that has all rows.
TEST(Conv, Taps) {
  Noise noise(6);
  for (int i = 0; i < 40; ++i) {
    const int64_t groups = noise.below(3) ? 1 : 2;
    Shape s{1 + noise.below(4), groups, groups * (40 + noise.below(40)), groups * (40 + noise.below(40)), {}};
    s.axes[0] = noise.below(3) ? Axis{1, 1, 1} : random_axis(noise, 2, 2);
    s.axes[1] = random_axis(noise, 6, 4);
    s.axes[2] = random_axis(noise, 17, 4);
    check_floats(s);
  }
  check_floats({1, 1, 96, 33, {{1, 1, 1}, {7, 7, 3, 1, 1, 1}, {7, 7, 3, 1, 1, 1}}});
  check_floats({3, 1, 130, 70, {{1, 1, 1}, {7, 7, 3, 1, 1, 1}, {7, 7, 3, 1, 1, 1}}});
  check_floats({1, 1, 128, 40, {{1, 1, 1}, {20, 20, 3, 1, 1, 1}, {20, 20, 3, 1, 1, 1}}});
  check_floats({3, 1, 64, 64, {{1, 1, 1}, {6, 4, 3}, {6, 4, 3}}});
  check_floats({1, 1, 1100, 34, {{1, 1, 1}, {4, 4, 3, 1, 1, 1}, {5, 5, 3, 1, 1, 1}}});
  check_floats({1, 1, 300, 140, {{1, 1, 1}, {8, 8, 3, 1, 1, 1}, {9, 9, 3, 1, 1, 1}}});
}

TEST(Conv, NothingToDo) {
  for (const IsaTable* isa : isa_tables()) {
    check<float>(*isa, DType::F32, {0, 1, 3, 4, {{1, 1, 1}, {5, 3, 3}, {5, 3, 3}}}, "conv");
    check<float>(*isa, DType::F32, {2, 1, 3, 4, {{1, 1, 1}, {2, 0, 3}, {5, 3, 3}}}, "conv");
    check<float>(*isa, DType::F32, {2, 1, 0, 4, {{1, 1, 1}, {5, 3, 3}, {5, 3, 3}}}, "conv");
  }
}

TEST(Conv, RefusesImpossibleIntegers) {
  const Shape good{2, 1, 3, 4, {{1, 1, 1}, {5, 3, 3}, {5, 3, 3}}};
  for (const IsaTable* isa : isa_tables()) {
    for (const char* name : {"conv", "conv_input", "conv_kernel", "depthwise", "depthwise_input", "depthwise_kernel"}) {
      const KernelRow* row = find_kernel(*isa, name, DType::F32);
      for (const auto& [at, value] : {std::pair<size_t, int64_t>{1, 0}, {1, 2}, {0, -1}, {7, 0}, {8, 0}, {4, -3}, {4, int64_t{1} << 50}, {9, int64_t{1} << 50}}) {
        std::vector<int64_t> ints = good.ints();
        ints[at] = value;
        EXPECT_TRUE(refuses(*row, ints)) << name << " " << at;
      }
    }
  }
}

TEST(Conv, IntegersWrapAround) {
  for (const IsaTable* isa : isa_tables()) {
    const Shape s{2, 2, 6, 4, {{1, 1, 1}, {7, 4, 3, 2, 1, 1}, {6, 5, 2, 1, 2, 1}}};
    check<int32_t>(*isa, DType::I32, s, "conv");
    check<int64_t>(*isa, DType::I64, s, "conv");
    check<int32_t>(*isa, DType::I32, {3, 1, 40, 50, {{1, 1, 1}, {9, 9, 3, 1, 1, 1}, {6, 6, 2, 1, 1, 0}}}, "conv");
  }
}

TEST(Depthwise, AnyGeometry) {
  Noise noise(6);
  for (int i = 0; i < 80; ++i) {
    const int64_t channels = 1 + noise.below(70);
    Shape s{1 + noise.below(3), channels, channels, channels, {}};
    s.axes[0] = noise.below(3) ? Axis{1, 1, 1} : random_axis(noise, 3, 2);
    s.axes[1] = noise.below(4) ? random_axis(noise, 8, 4) : Axis{1, 1, 1};
    s.axes[2] = random_axis(noise, 19, 5);
    check_floats(s, "depthwise");
  }
  check_floats({2, 96, 96, 96, {{1, 1, 1}, {21, 21, 3, 1, 1, 1}, {23, 23, 3, 1, 1, 1}}}, "depthwise");
}

}  // namespace
}  // namespace keratin::testing
