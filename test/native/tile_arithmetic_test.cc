// Tile ops whose results are exact: integers, comparisons, selection; and what every row must keep to: any number of elements,
// nothing written beyond them, output in place of an input.
#include "tile_runner.h"

namespace keratin::testing {
namespace {

// Awkward integers of a type: its ends, small values, powers of two and their neighbours.
template <typename T>
std::vector<T> integers() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> list = {0, 1, 2, 3, 5, 7, 10, 100, Limits::max(), Limits::min(), T(-1), T(-2), T(-3)};
  for (unsigned bit = 2; bit < 8 * sizeof(T); bit += 5) {
    list.push_back(static_cast<T>(T(1) << bit));
    list.push_back(static_cast<T>((T(1) << bit) - 1));
    list.push_back(static_cast<T>(-(T(1) << (bit - 1))));
  }
  return list;
}

using Wide = __int128;

// Python's division, in 128 bits.
Wide floor_quotient(Wide a, Wide b) {
  if (b == 0) return 0;
  const Wide q = a / b;
  return q - (a % b != 0 && (a < 0) != (b < 0));
}
Wide floor_remainder(Wide a, Wide b) { return b == 0 ? 0 : a - b * floor_quotient(a, b); }

template <typename T>
T power_by_steps(T x, T y) {
  if (y < 0) return x == 1 ? 1 : x == T(-1) ? (y % 2 == 0 ? T(1) : T(-1)) : T(0);
  uint64_t r = 1, base = static_cast<uint64_t>(x);
  for (uint64_t n = static_cast<uint64_t>(y); n; n >>= 1, base *= base)
    if (n & 1) r *= base;
  return static_cast<T>(r);
}

template <typename T>
T shifted_left(T x, T n) {
  if (n < 0 || static_cast<uint64_t>(n) >= 8 * sizeof(T)) return 0;
  return static_cast<T>(static_cast<uint64_t>(x) << n);
}
template <typename T>
T shifted_right(T x, T n) {
  if (n < 0 || static_cast<uint64_t>(n) >= 8 * sizeof(T)) return x < 0 ? T(-1) : T(0);
  return static_cast<T>(x >> n);
}

template <typename T, typename Out, typename F>
void expect_pairs(const IsaTable& isa, const char* name, const std::vector<T>& x, const std::vector<T>& y, F exact) {
  const std::vector<Out> got = run_tile<Out>(isa, name, dtype_of<T>(), x, y);
  for (size_t i = 0; i < x.size(); ++i)
    ASSERT_EQ(got[i], static_cast<Out>(exact(x[i], y[i])))
        << isa.name << ": " << name << " of " << name_of(dtype_of<T>()) << ", element " << i << ": " << +x[i] << ", " << +y[i];
}

template <typename T>
void check_comparisons(const IsaTable& isa, const std::vector<T>& x, const std::vector<T>& y) {
  expect_pairs<T, uint8_t>(isa, "equal", x, y, [](T a, T b) { return a == b; });
  expect_pairs<T, uint8_t>(isa, "not_equal", x, y, [](T a, T b) { return a != b; });
  expect_pairs<T, uint8_t>(isa, "less", x, y, [](T a, T b) { return a < b; });
  expect_pairs<T, uint8_t>(isa, "less_equal", x, y, [](T a, T b) { return a <= b; });
  expect_pairs<T, uint8_t>(isa, "greater", x, y, [](T a, T b) { return a > b; });
  expect_pairs<T, uint8_t>(isa, "greater_equal", x, y, [](T a, T b) { return a >= b; });
}

template <typename T, typename F>
void expect_each(const IsaTable& isa, const char* name, const std::vector<T>& x, F exact) {
  const std::vector<T> got = run_tile<T>(isa, name, dtype_of<T>(), x);
  for (size_t i = 0; i < x.size(); ++i)
    ASSERT_EQ(got[i], static_cast<T>(exact(x[i])))
        << isa.name << ": " << name << " of " << name_of(dtype_of<T>()) << ", " << +x[i];
}

template <typename T>
void check_integers(const IsaTable& isa) {
  std::vector<T> x, y;
  for (T a : integers<T>())
    for (T b : integers<T>()) x.push_back(a), y.push_back(b);
  const auto wide = [](T a) { return static_cast<Wide>(a); };
  expect_each<T>(isa, "negative", x, [=](T a) { return -wide(a); });
  expect_each<T>(isa, "absolute", x, [=](T a) { return a < 0 ? -wide(a) : wide(a); });
  expect_each<T>(isa, "relu", x, [](T a) { return std::max<T>(a, 0); });
  expect_each<T>(isa, "sign", x, [](T a) { return (a > 0) - (a < 0); });
  expect_each<T>(isa, "square", x, [=](T a) { return static_cast<unsigned __int128>(wide(a)) * wide(a); });
  expect_each<T>(isa, "bitwise_not", x, [](T a) { return ~a; });
  expect_pairs<T, T>(isa, "add", x, y, [=](T a, T b) { return wide(a) + b; });
  expect_pairs<T, T>(isa, "subtract", x, y, [=](T a, T b) { return wide(a) - b; });
  expect_pairs<T, T>(isa, "multiply", x, y, [=](T a, T b) { return static_cast<unsigned __int128>(wide(a)) * wide(b); });
  expect_pairs<T, T>(isa, "floor_divide", x, y, [=](T a, T b) { return floor_quotient(a, b); });
  expect_pairs<T, T>(isa, "mod", x, y, [=](T a, T b) { return floor_remainder(a, b); });
  expect_pairs<T, T>(isa, "power", x, y, power_by_steps<T>);
  expect_pairs<T, T>(isa, "maximum", x, y, [](T a, T b) { return std::max(a, b); });
  expect_pairs<T, T>(isa, "minimum", x, y, [](T a, T b) { return std::min(a, b); });
  expect_pairs<T, T>(isa, "bitwise_and", x, y, [](T a, T b) { return a & b; });
  expect_pairs<T, T>(isa, "bitwise_or", x, y, [](T a, T b) { return a | b; });
  expect_pairs<T, T>(isa, "bitwise_xor", x, y, [](T a, T b) { return a ^ b; });
  expect_pairs<T, T>(isa, "left_shift", x, y, shifted_left<T>);
  expect_pairs<T, T>(isa, "right_shift", x, y, shifted_right<T>);
  check_comparisons(isa, x, y);
  const std::vector<T> low(x.size(), 2), high(x.size(), 50);
  const std::vector<T> clipped = run_tile<T>(isa, "clip", dtype_of<T>(), x, low, high);
  for (size_t i = 0; i < x.size(); ++i) ASSERT_EQ(clipped[i], std::min<T>(std::max<T>(x[i], 2), 50)) << isa.name;
}

TEST(TileArithmetic, Integers) {
  for (const IsaTable* isa : tile_isas()) {
    check_integers<uint8_t>(*isa), check_integers<uint16_t>(*isa), check_integers<uint32_t>(*isa), check_integers<uint64_t>(*isa);
    check_integers<int8_t>(*isa), check_integers<int16_t>(*isa), check_integers<int32_t>(*isa), check_integers<int64_t>(*isa);
  }
}

template <typename T>
void check_floats(const IsaTable& isa) {
  using Limits = std::numeric_limits<T>;
  const T nan = Limits::quiet_NaN(), inf = Limits::infinity();
  const std::vector<T> values = {0,   -T(0), 1, -1, T(0.3), T(1e30), -T(1e30), Limits::min(), Limits::denorm_min(), Limits::max(),
                                 inf, -inf,  nan};
  std::vector<T> x, y;
  for (T a : values)
    for (T b : values) x.push_back(a), y.push_back(b);
  check_comparisons(isa, x, y);
  const auto check = [&](const char* name, auto exact) {
    const std::vector<T> got = run_tile<T>(isa, name, dtype_of<T>(), x, y);
    for (size_t i = 0; i < x.size(); ++i) {
      const T want = exact(x[i], y[i]);
      ASSERT_TRUE(got[i] == want || (std::isnan(got[i]) && std::isnan(want)))
          << isa.name << ": " << name << " of " << x[i] << ", " << y[i] << " = " << got[i] << ", expected " << want;
    }
  };
  check("add", [](T a, T b) { return a + b; });
  check("subtract", [](T a, T b) { return a - b; });
  check("multiply", [](T a, T b) { return a * b; });
  check("divide", [](T a, T b) { return a / b; });
  check("maximum", [=](T a, T b) { return std::isnan(a) || std::isnan(b) ? nan : std::max(a, b); });
  check("minimum", [=](T a, T b) { return std::isnan(a) || std::isnan(b) ? nan : std::min(a, b); });
  const auto test = [&](const char* name, auto exact) {
    const std::vector<uint8_t> got = run_tile<uint8_t>(isa, name, dtype_of<T>(), x);
    for (size_t i = 0; i < x.size(); ++i)
      ASSERT_EQ(got[i], static_cast<uint8_t>(exact(x[i]))) << isa.name << ": " << name << " of " << x[i];
  };
  test("isnan", [](T a) { return std::isnan(a); });
  test("isinf", [](T a) { return std::isinf(a); });
  test("isfinite", [](T a) { return std::isfinite(a); });
  const std::vector<T> low(x.size(), -1), high(x.size(), T(0.5));
  const std::vector<T> clipped = run_tile<T>(isa, "clip", dtype_of<T>(), x, low, high);
  for (size_t i = 0; i < x.size(); ++i)
    ASSERT_TRUE(std::isnan(x[i]) ? std::isnan(clipped[i]) : clipped[i] == std::min(std::max(x[i], T(-1)), T(0.5))) << isa.name;
}

TEST(TileArithmetic, FloatsAndTheirSpecialValues) {
  for (const IsaTable* isa : tile_isas()) {
    check_floats<float>(*isa);
    check_floats<double>(*isa);
  }
}

TEST(TileArithmetic, TruthValues) {
  const std::vector<uint8_t> x = {0, 0, 1, 1}, y = {0, 1, 0, 1};
  const auto table = [&](const IsaTable& isa, const char* name) { return run_tile<uint8_t>(isa, name, DType::Bool, x, y); };
  using Values = std::vector<uint8_t>;
  for (const IsaTable* isa : tile_isas()) {
    EXPECT_EQ(table(*isa, "logical_and"), (Values{0, 0, 0, 1}));
    EXPECT_EQ(table(*isa, "logical_or"), (Values{0, 1, 1, 1}));
    EXPECT_EQ(table(*isa, "logical_xor"), (Values{0, 1, 1, 0}));
    EXPECT_EQ(table(*isa, "logical_not"), (Values{1, 1, 0, 0}));
    EXPECT_EQ(table(*isa, "maximum"), (Values{0, 1, 1, 1}));
    EXPECT_EQ(table(*isa, "minimum"), (Values{0, 0, 0, 1}));
    EXPECT_EQ(table(*isa, "equal"), (Values{1, 0, 0, 1}));
    EXPECT_EQ(table(*isa, "less"), (Values{0, 1, 0, 0}));
  }
}

// Small positive elements of a type, truth values for Bool.
std::vector<char> operand_of(DType dtype, int seed) {
  std::vector<char> bytes(static_cast<size_t>(kTile * size_of(dtype)));
  for (int64_t i = 0; i < kTile; ++i) {
    char* at = bytes.data() + i * size_of(dtype);
    const auto put = [at](auto value) { std::memcpy(at, &value, sizeof(value)); };
    const int k = static_cast<int>((i * 7 + seed * 3) % 61);
    if (dtype == DType::F64) put(0.01 + k / 64.0);
    else if (dtype == DType::F32) put(0.01f + static_cast<float>(k) / 64);
    else if (dtype == DType::F16 || dtype == DType::BF16) put(static_cast<uint16_t>(0x3c00 + 8 * k));
    else if (dtype == DType::Bool) put(static_cast<uint8_t>(k % 2));
    else *at = static_cast<char>(k);
  }
  return bytes;
}

class EveryRow {
 public:
  explicit EveryRow(const TileRow& row) : row_(row), out_size_(row.sizes.out) {
    for (int i = 0; i < 3; ++i) operands_[i] = operand_of(row.sizes.in[i] == size_of(row.dtype) ? row.dtype : DType::Bool, i);
    whole_ = run(kTile);
  }

  // The first n elements are the same whatever n is; nothing else is written.
  void check_size(int64_t n) {
    const std::vector<char> part = run(n);
    ASSERT_EQ(0, std::memcmp(part.data(), whole_.data(), static_cast<size_t>(n * out_size_)))
        << row_.name << " of " << name_of(row_.dtype) << ", n = " << n;
  }

  void check_in_place(int operand) {
    if (row_.sizes.in[operand] != out_size_) return;
    std::vector<char> buffers[3] = {operands_[0], operands_[1], operands_[2]};
    row_.run(buffers[operand].data(), buffers[0].data(), buffers[1].data(), buffers[2].data(), kTile);
    ASSERT_EQ(0, std::memcmp(buffers[operand].data(), whole_.data(), whole_.size()))
        << row_.name << " of " << name_of(row_.dtype) << " over operand " << operand;
  }

 private:
  // Operands end where their elements do, for sanitizers to see; a guard follows the output.
  std::vector<char> run(int64_t n) {
    std::vector<char> copies[3], out(static_cast<size_t>((n + 1) * out_size_), 0x55);
    for (int i = 0; i < 3; ++i) copies[i].assign(operands_[i].begin(), operands_[i].begin() + n * row_.sizes.in[i]);
    row_.run(out.data(), copies[0].data(), copies[1].data(), copies[2].data(), n);
    for (int64_t i = n * out_size_; i < (n + 1) * out_size_; ++i) EXPECT_EQ(out[static_cast<size_t>(i)], 0x55) << row_.name;
    out.resize(static_cast<size_t>(n * out_size_));
    return out;
  }

  const TileRow& row_;
  int64_t out_size_;
  std::vector<char> operands_[3], whole_;
};

TEST(EveryTileRow, WorksForAnyNumberOfElementsAndInPlace) {
  for (const IsaTable* isa : tile_isas()) {
    for (const TileRow* row : catalog_of(*isa).tiles) {
      SCOPED_TRACE(isa->name);
      EveryRow every(*row);
      for (int64_t n = 1; n <= 70; ++n) every.check_size(n);
      every.check_size(kTile - 1);
      for (int operand = 0; operand < 3; ++operand) every.check_in_place(operand);
    }
  }
}

TEST(EveryTileRow, ExistsForEveryInstructionSet) {
  const auto tables = tile_isas();
  for (const IsaTable* isa : tables)
    for (const TileRow* row : catalog_of(*tables[0]).tiles)
      EXPECT_NE(nullptr, find_tile(*isa, row->name, row->dtype)) << isa->name << ": " << row->name;
}

TEST(Select, ChoosesBytesOfAnyType) {
  for (const IsaTable* isa : tile_isas()) {
    for (int t = 0; t < static_cast<int>(DType::Count); ++t) {
      const auto dtype = static_cast<DType>(t);
      const auto size = static_cast<size_t>(size_of(dtype));
      const TileRow* row = find_tile(*isa, "select", dtype);
      ASSERT_NE(row, nullptr);
      std::vector<uint8_t> condition(100);
      for (size_t i = 0; i < 100; ++i) condition[i] = i % 3 == 0;
      const std::vector<char> yes(100 * size, 1), no(100 * size, 2);
      std::vector<char> out(100 * size);
      row->run(out.data(), condition.data(), yes.data(), no.data(), 100);
      for (size_t i = 0; i < 100 * size; ++i) ASSERT_EQ(out[i], condition[i / size] ? 1 : 2) << isa->name << name_of(dtype);
    }
  }
}

}  // namespace
}  // namespace keratin::testing
