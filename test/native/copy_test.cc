// Strided copies, fills and counting.
#include <cmath>
#include <numeric>
#include "run_kernel.h"

namespace keratin::testing {
namespace {

// A copy and the sizes of its operands, in elements.
struct Copy {
  std::vector<int64_t> dims, in, out;
  int64_t in_offset = 0, out_offset = 0, in_size = 0, out_size = 0;
};

std::vector<int64_t> ints_of(const Copy& c) {
  std::vector<int64_t> ints = {static_cast<int64_t>(c.dims.size())};
  for (const auto& part : {c.dims, c.in, c.out}) ints.insert(ints.end(), part.begin(), part.end());
  ints.insert(ints.end(), {c.in_offset, c.out_offset});
  return ints;
}

// Works out offsets and sizes that hold all the elements.
Copy sized(Copy c) {
  const int64_t elements = std::accumulate(c.dims.begin(), c.dims.end(), int64_t{1}, std::multiplies<>());
  for (size_t d = 0; d < c.dims.size() && elements > 0; ++d) {
    if (c.in[d] < 0) c.in_offset -= c.in[d] * (c.dims[d] - 1);
  }
  c.in_size = c.in_offset + 1;
  c.out_size = c.out_offset + 1;
  for (size_t d = 0; d < c.dims.size() && elements > 0; ++d) {
    c.in_size += std::max<int64_t>(0, c.in[d]) * (c.dims[d] - 1);
    c.out_size += c.out[d] * (c.dims[d] - 1);
  }
  return c;
}

std::vector<char> reference(const Copy& c, const std::vector<char>& in, std::vector<char> out, int64_t size) {
  std::vector<int64_t> index(c.dims.size());
  const int64_t elements = std::accumulate(c.dims.begin(), c.dims.end(), int64_t{1}, std::multiplies<>());
  for (int64_t i = 0; i < elements; ++i) {
    int64_t from = c.in_offset, to = c.out_offset, rest = i;
    for (size_t d = c.dims.size(); d-- > 0; rest /= c.dims[d]) {
      from += rest % c.dims[d] * c.in[d];
      to += rest % c.dims[d] * c.out[d];
    }
    std::memcpy(&out[to * size], &in[from * size], size);
  }
  return out;
}

void check(const IsaTable& isa, const Copy& c, DType dtype) {
  const int64_t size = size_of(dtype);
  std::vector<char> in = noise_bytes(c.in_size * size, 1);
  const std::vector<char> before = noise_bytes(c.out_size * size, 2), expected = reference(c, in, before, size);
  for (Order order : {Order::Together, Order::Reversed}) {
    std::vector<char> out = before;
    ASSERT_TRUE(run_kernel(isa, "copy_strided", dtype, ints_of(c), {}, {in.data(), out.data()}, order).found);
    ASSERT_EQ(out, expected) << isa.name << " " << name_of(dtype) << " rank " << c.dims.size();
  }
}

// Steps of a contiguous array whose axes lie in memory in `order`, outermost first, with `gap` extra elements an axis.
std::vector<int64_t> strides_in_order(const std::vector<int64_t>& dims, const std::vector<size_t>& order, int64_t gap) {
  std::vector<int64_t> strides(dims.size());
  int64_t step = 1;
  for (size_t i = order.size(); i-- > 0;) {
    strides[order[i]] = step;
    step *= std::max<int64_t>(1, dims[order[i]]) + gap;
  }
  return strides;
}

std::vector<size_t> shuffled(size_t rank, Noise& noise) {
  std::vector<size_t> order(rank);
  std::iota(order.begin(), order.end(), size_t{0});
  for (size_t i = rank; i > 1; --i) std::swap(order[i - 1], order[noise.below(static_cast<int64_t>(i))]);
  return order;
}

TEST(CopyStrided, RandomShapesAndStrides) {
  Noise noise(7);
  for (int trial = 0; trial < 300; ++trial) {
    Copy c;
    const size_t rank = static_cast<size_t>(noise.below(6));
    const int64_t longest = rank < 3 ? 70 : 9;
    for (size_t d = 0; d < rank; ++d) c.dims.push_back(noise.below(12) == 0 ? noise.below(2) : 1 + noise.below(longest));
    c.in = strides_in_order(c.dims, shuffled(rank, noise), noise.below(2));
    for (int64_t& stride : c.in) stride *= noise.below(4) == 0 ? noise.below(2) - 1 : 1;
    c.out = strides_in_order(c.dims, shuffled(rank, noise), noise.below(3) == 0 ? 1 : 0);
    c.in_offset = noise.below(3);
    c.out_offset = noise.below(3);
    c = sized(c);
    for (const IsaTable* isa : isa_tables()) check(*isa, c, kAllDTypes[trial % 13]);
  }
}

TEST(CopyStrided, Transposes) {
  for (const IsaTable* isa : isa_tables()) {
    for (DType dtype : {DType::U8, DType::F16, DType::F32, DType::F64}) {
      for (int64_t rows : {1, 2, 3, 4, 7, 8, 15, 16, 17, 65, 300}) {
        for (int64_t columns : {1, 3, 4, 16, 31, 33, 129, 520}) {
          check(*isa, sized({{rows, columns}, {1, rows}, {columns, 1}}), dtype);
          check(*isa, sized({{2, rows, columns}, {rows * columns, 1, rows + 3}, {rows * columns + 5, columns, 1}}), dtype);
        }
      }
    }
  }
}

TEST(CopyStrided, LongRuns) {
  const int64_t n = 100003;
  for (const IsaTable* isa : isa_tables()) {
    for (DType dtype : kAllDTypes) {
      check(*isa, sized({{n}, {1}, {1}, 1, 2}), dtype);
      check(*isa, sized({{n}, {0}, {1}}), dtype);
      check(*isa, sized({{n}, {-1}, {1}}), dtype);
      check(*isa, sized({{n}, {3}, {1}}), dtype);
      check(*isa, sized({{n}, {1}, {2}}), dtype);
      check(*isa, sized({{3, n / 3}, {0, 1}, {n / 3, 1}}), dtype);
    }
  }
}

TEST(CopyStrided, RankSixteen) {
  const std::vector<int64_t> dims(16, 2);
  std::vector<size_t> order(16);
  for (size_t d = 0; d < 16; ++d) order[d] = d * 5 % 16;
  Copy c = {dims, strides_in_order(dims, order, 0), {}};
  for (size_t d = 0; d < 16; ++d) order[d] = d;
  c.out = strides_in_order(dims, order, 0);
  for (const IsaTable* isa : isa_tables()) check(*isa, sized(c), DType::F32);
}

TEST(Fill, EveryTypeAndLength) {
  for (const IsaTable* isa : isa_tables()) {
    for (DType dtype : kAllDTypes) {
      const int64_t size = size_of(dtype);
      std::vector<char> scalar = noise_bytes(size, 3);
      for (int64_t n : {0, 1, 15, 16, 17, 63, 65, 70001}) {
        std::vector<char> out(static_cast<size_t>((n + 4) * size), 0), expected = out;
        for (int64_t i = 0; i < n; ++i) std::memcpy(&expected[(i + 2) * size], scalar.data(), size);
        ASSERT_TRUE(run_kernel(*isa, "fill", dtype, {n, 2}, {}, {scalar.data(), out.data()}, Order::Reversed).found);
        ASSERT_EQ(out, expected) << isa->name << " " << name_of(dtype) << " " << n;
      }
    }
  }
}

template <typename T>
void check_iota(const IsaTable& isa, DType dtype, double start, double step) {
  for (int64_t n : {0, 1, 17, 40000}) {
    std::vector<T> out(static_cast<size_t>(n) + 1, T(77));
    ASSERT_TRUE(run_kernel(isa, "iota", dtype, {n}, {start, step}, {out.data()}, Order::Reversed).found);
    for (int64_t i = 0; i < n; ++i) {
      const T expected = std::is_integral_v<T> ? T(int64_t(start) + i * int64_t(step)) : T(start + double(i) * step);
      ASSERT_EQ(out[i], expected) << name_of(dtype) << " " << i;
    }
    ASSERT_EQ(out[n], T(77));
  }
}

TEST(Iota, CountsAndWraps) {
  for (const IsaTable* isa : isa_tables()) {
    check_iota<uint8_t>(*isa, DType::U8, 250, 3);
    check_iota<uint16_t>(*isa, DType::U16, 0, 1);
    check_iota<uint32_t>(*isa, DType::U32, 7, 100000);
    check_iota<uint64_t>(*isa, DType::U64, 0, 1e12);
    check_iota<int8_t>(*isa, DType::I8, -5, 2);
    check_iota<int16_t>(*isa, DType::I16, -5, -2);
    check_iota<int32_t>(*isa, DType::I32, 5, -7);
    check_iota<int64_t>(*isa, DType::I64, -5, 1e10);
    check_iota<float>(*isa, DType::F32, 0.1, 0.3);
    check_iota<double>(*isa, DType::F64, -1.5, 0.1);
  }
}

// The value of a 16-bit float with `mantissa` stored bits.
double value_of(uint16_t bits, int mantissa) {
  const int exponent_bits = 15 - mantissa, bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = (bits >> mantissa) & ((1 << exponent_bits) - 1), digits = bits & ((1 << mantissa) - 1);
  if (exponent == (1 << exponent_bits) - 1) return digits ? NAN : bits & 0x8000 ? -INFINITY : INFINITY;
  const double magnitude = exponent == 0 ? std::ldexp(digits, 1 - bias - mantissa)
                                         : std::ldexp(digits + (1 << mantissa), exponent - bias - mantissa);
  return bits & 0x8000 ? -magnitude : magnitude;
}

// Checks that `bits` is the nearest to `exact`, of two the even one: no neighbour is nearer.
void expect_nearest(uint16_t bits, double exact, int mantissa) {
  const double error = std::fabs(value_of(bits, mantissa) - exact);
  const uint16_t magnitude = bits & 0x7fff, sign = bits & 0x8000;
  for (int step : {-1, 1}) {
    if (magnitude == 0 && step < 0) continue;
    const double other = std::fabs(value_of(static_cast<uint16_t>(sign | (magnitude + step)), mantissa) - exact);
    ASSERT_TRUE(error < other || (error == other && magnitude % 2 == 0)) << exact << " " << bits;
  }
}

TEST(Iota, RoundsSixteenBitFloatsOnce) {
  for (const IsaTable* isa : isa_tables()) {
    for (const auto& [start, step] : {std::pair{-3.0, 0.001}, {0.0, 1.0 / 3}, {1e-8, 1.3e-9}, {-2048.0, 0.25}}) {
      for (const auto& [dtype, mantissa] : {std::pair{DType::F16, 10}, {DType::BF16, 7}}) {
        std::vector<uint16_t> out(30000);
        ASSERT_TRUE(run_kernel(*isa, "iota", dtype, {30000}, {start, step}, {out.data()}).found);
        for (int64_t i = 0; i < 30000; ++i) expect_nearest(out[i], start + double(i) * step, mantissa);
      }
    }
    std::vector<uint16_t> out(2);
    run_kernel(*isa, "iota", DType::F16, {2}, {65519.0, 1.0}, {out.data()});
    EXPECT_EQ(out[0], 0x7bff);  // the largest
    EXPECT_EQ(out[1], 0x7c00);  // infinity
  }
}

}  // namespace
}  // namespace keratin::testing
