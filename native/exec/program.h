// Elementwise programs: tile ops run one after another over tiles that stay in the first-level cache. A program is an
// instruction of its own, or the epilogue that a matmul applies to its product.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>
#include "base/kernel.h"
#include "exec/registry.h"
#include "exec/words.h"

namespace keratin {

// How an input gets into a tile.
enum class Fetch : uint8_t {
  InPlace,  // it lies in memory as the tile does
  Splat,    // one element for the whole tile
  Repeat,   // one row for all rows of the tile
  Rows,     // row by row, any strides
};

// A program over outer dimensions x rows x columns. A tile is some whole rows, or a part of a long row.
class Program {
 public:
  static constexpr int kMaxValues = 256;
  static constexpr int kMaxDims = 32;
  // Operand number of the product that an epilogue reads.
  static constexpr int kProduct = -1;

  // Reads a program, as lib/core/program.ts encodes it:
  //   [ndim, dims..., n_inputs, n_outputs, n_temps, n_ops,
  //    per input: operand, dtype, strides[ndim] (elements; 0 = broadcast),
  //    per output: operand, dtype (dense over dims),
  //    per op: tile id, dst, a, b, c (-1 = unused)]
  // Values are numbered inputs first, then outputs, then temporaries. An output may lie over an input of the same strides,
  // provided that the program does not read this input after writing that output. Null after a bad word.
  static std::unique_ptr<Program> read(Words& words, const Catalog& catalog, int64_t operand_count, bool epilogue);

  // Units are tiles.
  Work work() const;
  // Memory that `run` and `run_block` need besides the operands.
  int64_t scratch_bytes() const { return slot_count_ * kSlotBytes; }

  // Runs the tiles of `units`.
  void run(void* const* operands, void* scratch, Range units) const;

  // Runs rows x columns of matrix `batch` as an epilogue; see Epilogue in base/kernel.h.
  void run_block(void* const* operands, void* scratch, void* tile, int64_t row_bytes, int64_t batch, Range rows,
                 Range columns) const;

  // Bytes that the program touches at the start of each of its operands.
  struct Reach {
    int operand;
    int64_t bytes;
    bool written;
  };
  std::vector<Reach> reaches() const;

  // Whether the program can be the epilogue of so many matrices of elements of `size` bytes.
  bool takes(int64_t matrices, int64_t rows, int64_t columns, int64_t size) const;

 private:
  friend class ProgramReader;
  friend class Interpreter;

  // A temporary or a fetched input. The odd line keeps equal positions of two slots from having equal low address bits,
  // which the processor's store forwarding mistakes for a dependency.
  static constexpr int64_t kSlotBytes = kTile * 8 + 64;

  // How an input lies in a matrix of rows and columns.
  struct Access {
    Fetch in_rows, in_span;  // in tiles of whole rows, in tiles within a row
    int size;                // bytes of an element
    int slot;                // scratch when it is not in place
    int64_t row, column;     // strides in bytes
  };
  struct Input {
    int operand;
    Access access;
    std::vector<int64_t> outer;  // strides in bytes
    int64_t reach;               // bytes from its first to the end of its last element
  };
  struct Output {
    int operand;
    int size;
  };
  struct Step {
    void (*run)(void* out, const void* a, const void* b, const void* c, int64_t n);
    int16_t target, a, b, c;  // numbers of values; value_count_ stands for none
  };

  std::vector<int64_t> outer_dims_;
  int64_t outer_ = 1, rows_ = 1, columns_ = 1;
  int64_t matrix_rows_ = 1;    // of an epilogue: rows of the last two dimensions, before rows were merged
  bool whole_rows_ = true;     // tiles are whole rows
  int64_t tile_rows_ = 1;      // rows in a tile
  int64_t span_ = 1;           // columns in a tile
  int64_t tiles_ = 0;          // in each matrix of rows_ x columns_
  std::vector<Input> inputs_;
  std::vector<Output> outputs_;
  std::vector<Step> steps_;
  int temp_count_ = 0;
  int value_count_ = 0;
  int64_t slot_count_ = 0;
};

}  // namespace keratin
