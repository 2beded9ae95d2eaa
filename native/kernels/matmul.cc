// Matrix products. The build compiles this file once per ISA, as keratin::KR_ISA.
//
// matmul: C[batch..., M, N] = A . B.
// Operands: 0 = A, 1 = B, 2 = C, contiguous; with an epilogue C is not touched.
// ints: M, N, K, strides of A's rows and columns, strides of B's rows and columns, number of batch dimensions, and for each
// of these, outermost first, its size and the strides of A and of B. Strides count elements and may have any value.
#include <utility>
#include "kernels/gemm/integers.h"
#include "kernels/gemm/tiles.h"
#include "kernels/gemm/vectors.h"

namespace keratin::KR_ISA {

constinit const Micro<float> micro_float{};
constinit const Micro<double> micro_double{};

namespace {

constexpr int64_t kMaxBatchRank = 64;

// The whole of a product for which Cut::single_tile holds.
template <typename T>
void single(const Problem& p, const Args& args) {
  T* c = args.epilogue ? static_cast<T*>(args.local) : args.at<T>(2);
  multiply_single(p, args.at<T>(0), args.at<T>(1), c);
  if (args.epilogue)
    args.epilogue->apply(args.epilogue, c, p.n * static_cast<int64_t>(sizeof(T)), 0, 0, p.m, 0, p.n);
}

// One tile of the grid of one matrix of the batch.
template <typename T>
void multiply(const Cut<T>& cut, const Args& args, int64_t matrix, int64_t tile) {
  const int64_t row = tile / cut.col_tiles, col = tile - row * cut.col_tiles;
  const int64_t i0 = row * cut.unit_rows, i1 = min_of(i0 + cut.unit_rows, cut.m);
  const int64_t j0 = col * cut.unit_cols, j1 = min_of(j0 + cut.unit_cols, cut.n);
  const T* a = args.at<T>(0) + cut.offset(matrix, 0) + i0 * cut.row_a;
  const T* b = args.at<T>(1) + cut.offset(matrix, 1) + j0 * cut.col_b;
  T* scratch = static_cast<T*>(args.local);
  T* c = args.epilogue ? scratch : args.at<T>(2) + (matrix * cut.m + i0) * cut.n + j0;
  const int64_t row_c = args.epilogue ? j1 - j0 : cut.n;
  if (args.epilogue) scratch += cut.tile_size();

  if (cut.method == Method::Dots) {
    multiply_dots(cut, a, b, c, i1 - i0, j1 - j0, row_c, scratch);
  } else if (cut.method == Method::Rows) {
    if (cut.m == 1) sum_rows(c, a, cut.col_a, b, cut.row_b, j1 - j0, cut.k);
    else sum_rows(c, b, cut.row_b, a, cut.col_a, i1 - i0, cut.k);
  } else {
    const int64_t first = ((cut.shared(1) ? 0 : matrix) * cut.panels_b() + j0 / cut.kCols) * cut.panel_b();
    TileUnit<T>{cut, a, b, static_cast<T*>(args.shared) + first, c, i1 - i0, j1 - j0, row_c, cut.m - i0, scratch}.run();
  }
  if (args.epilogue)
    args.epilogue->apply(args.epilogue, c, row_c * static_cast<int64_t>(sizeof(T)), matrix, i0, i1, j0, j1);
}

template <typename T>
void matmul(const Args& args, Range r) {
  const Problem p(args.ints);
  if (Cut<T>::single_tile(p)) {
    if (r.begin < r.end) single<T>(p, args);
    return;
  }
  const Cut<T> cut(p);
  if (cut.method == Method::Packed && args.phase == 0) return pack_panels(cut, args, r);
  const int64_t tiles = cut.row_tiles * cut.col_tiles;
  if (tiles > 1) {
    for (int64_t u = r.begin; u < r.end; ++u) multiply(cut, args, u / tiles, u % tiles);
  } else {
    const int64_t end = min_of(r.end * cut.group, cut.matrices);
    for (int64_t i = r.begin * cut.group; i < end; ++i) multiply(cut, args, i, 0);
  }
}

template <typename T>
Work plan_matmul(const int64_t* ints, bool epilogue) {
  constexpr int64_t kSize = sizeof(T);
  const Cut<T> cut{Problem(ints)};
  constexpr double kBytesPerNanosecond = 12;  // from a mean of caches and main memory
  const double matrices = static_cast<double>(cut.matrices);
  const double elements = static_cast<double>(cut.m * cut.k + cut.k * cut.n + cut.m * cut.n);
  const double compute = matrices * 2 * cut.work() / cut.kBlocks.gflops;
  const double move = matrices * elements * kSize / kBytesPerNanosecond;
  Work work;
  work.phases = cut.method == Method::Packed ? 2 : 1;
  work.units[0] = cut.packing_units();
  work.units[work.phases - 1] = cut.units();
  work.nanoseconds = compute > move ? compute : move;
  work.shared_bytes = cut.packed_panels() * cut.panel_b() * kSize;
  work.local_bytes = (cut.block_size() + (epilogue ? cut.tile_size() : 0)) * kSize;
  return work;
}

void matmul_contract(Contract& c) {
  const Extent m = c.size("M"), n = c.size("N"), k = c.size("K");
  Span spans[2];
  for (const auto& [operand, axis] : {std::pair{0, m}, std::pair{0, k}, std::pair{1, k}, std::pair{1, n}})
    spans[operand].axis(axis.count(), c.integer("stride", 0));
  Extent matrices = 1;
  const int64_t rank = c.integer("batch dimensions", 0, kMaxBatchRank);
  for (int64_t d = 0; d < rank && c.ok(); ++d) {
    const Extent size = c.size("size of the batch");
    matrices = matrices * size;
    for (Span& span : spans) span.axis(size.count(), c.integer("stride of the batch", 0));
  }
  c.bounded("rows of A", matrices * m * k);
  c.bounded("rows of B", matrices * k * n);
  c.in(spans[0].extent());
  c.in(spans[1].extent());
  c.product(matrices, m, n);
}

constexpr KernelRow kernels[] = {
    {"matmul", DType::F32, matmul<float>, plan_matmul<float>, matmul_contract},
    {"matmul", DType::F64, matmul<double>, plan_matmul<double>, matmul_contract},
    {"matmul", DType::I32, matmul_integers<uint32_t>, plan_integers<uint32_t>, matmul_contract},
    {"matmul", DType::I64, matmul_integers<uint64_t>, plan_integers<uint64_t>, matmul_contract},
    {"matmul", DType::I16, matmul_integers<uint16_t>, plan_integers<uint16_t>, matmul_contract},
    {"matmul", DType::I8, matmul_integers<uint8_t>, plan_integers<uint8_t>, matmul_contract},
    {"matmul", DType::U8, matmul_integers<uint8_t>, plan_integers<uint8_t>, matmul_contract},
    {"matmul", DType::U16, matmul_integers<uint16_t>, plan_integers<uint16_t>, matmul_contract},
    {"matmul", DType::U32, matmul_integers<uint32_t>, plan_integers<uint32_t>, matmul_contract},
    {"matmul", DType::U64, matmul_integers<uint64_t>, plan_integers<uint64_t>, matmul_contract},
};

}  // namespace

KR_FAMILY(matmul, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
