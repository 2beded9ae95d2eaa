// Runs elementwise programs, a tile at a time.
#include <algorithm>
#include <cstring>
#include "exec/program.h"

namespace keratin {
namespace {

// out[i] = the element at from + i * stride bytes.
template <typename T>
void fetch_row(char* out, const char* from, int64_t stride, int64_t n) {
  T* to = reinterpret_cast<T*>(out);
  if (stride == sizeof(T)) {
    std::memcpy(out, from, static_cast<size_t>(n) * sizeof(T));
  } else if (stride == 0) {
    std::fill_n(to, n, *reinterpret_cast<const T*>(from));
  } else {
    for (int64_t i = 0; i < n; i++) to[i] = *reinterpret_cast<const T*>(from + i * stride);
  }
}

template <typename T>
void fetch_rows(char* out, const char* from, int64_t row, int64_t column, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < rows; i++) fetch_row<T>(out + i * columns * static_cast<int64_t>(sizeof(T)), from + i * row, column, columns);
}

// Gathers a matrix with any strides (in bytes) into dense rows of elements of `size` bytes.
void fetch(int size, char* out, const char* from, int64_t row, int64_t column, int64_t rows, int64_t columns) {
  switch (size) {
    case 1: return fetch_rows<uint8_t>(out, from, row, column, rows, columns);
    case 2: return fetch_rows<uint16_t>(out, from, row, column, rows, columns);
    case 4: return fetch_rows<uint32_t>(out, from, row, column, rows, columns);
    default: return fetch_rows<uint64_t>(out, from, row, column, rows, columns);
  }
}

}  // namespace

// The values of a program in a tile, and the way from one tile to the next.
class Interpreter {
 public:
  // Tiles will have at most `capacity` elements.
  Interpreter(const Program& program, void* const* operands, void* scratch, int64_t capacity)
      : program_(program), operands_(operands), scratch_(static_cast<char*>(scratch)), capacity_(capacity) {
    const size_t inputs = program.inputs_.size(), first_temp = inputs + program.outputs_.size();
    for (size_t i = 0; i < inputs; i++) sources_[i] = {&program.inputs_[i].access, nullptr, nullptr};
    for (int i = 0; i < program.temp_count_; i++) values_[first_temp + static_cast<size_t>(i)] = slot(i);
    values_[program.value_count_] = nullptr;
  }

  // Goes to a matrix of rows and columns.
  void enter(int64_t outer) {
    for (size_t i = 0; i < program_.inputs_.size(); i++) {
      const Program::Input& input = program_.inputs_[i];
      if (input.operand == Program::kProduct) continue;
      sources_[i].base = static_cast<char*>(operands_[input.operand]) + (outer == 0 ? 0 : outer_offset(input, outer));
    }
    first_element_ = outer * program_.rows_ * program_.columns_;
  }

  // Says where the product of an epilogue is: element (0, 0) of the matrix would be at `origin`.
  void set_product(char* origin, int64_t row_bytes) {
    product_ = program_.inputs_[0].access;
    product_.row = row_bytes;
    product_.in_rows = row_bytes == program_.columns_ * product_.size ? Fetch::InPlace : Fetch::Rows;
    product_.column = product_.size;
    product_.in_span = Fetch::InPlace;
    sources_[0] = {&product_, nullptr, origin};
  }

  // Runs the tile of whole rows [row, row + count).
  void run_rows(int64_t row, int64_t count) {
    const int64_t columns = program_.columns_, inputs = static_cast<int64_t>(program_.inputs_.size());
    for (int64_t i = 0; i < inputs; i++) {
      const Program::Access& access = *sources_[i].access;
      char* from = sources_[i].base + row * access.row;
      switch (access.in_rows) {
        case Fetch::InPlace: values_[i] = from; break;
        case Fetch::Splat: values_[i] = filled(i, from, 1, capacity_); break;
        case Fetch::Repeat: values_[i] = filled(i, from, capacity_ / columns, columns); break;
        case Fetch::Rows:
          values_[i] = slot(access.slot);
          fetch(access.size, slot(access.slot), from, access.row, access.column, count, columns);
      }
    }
    set_outputs(row * columns);
    run_steps(count * columns);
  }

  // Runs the tile of n elements of a row, from `column` on.
  void run_span(int64_t row, int64_t column, int64_t n) {
    const int64_t inputs = static_cast<int64_t>(program_.inputs_.size());
    for (int64_t i = 0; i < inputs; i++) {
      const Program::Access& access = *sources_[i].access;
      char* from = sources_[i].base + row * access.row + column * access.column;
      switch (access.in_span) {
        case Fetch::InPlace: values_[i] = from; break;
        case Fetch::Splat: values_[i] = filled(i, from, 1, capacity_); break;
        default:
          values_[i] = slot(access.slot);
          fetch(access.size, slot(access.slot), from, 0, access.column, 1, n);
      }
    }
    set_outputs(row * program_.columns_ + column);
    run_steps(n);
  }

 private:
  char* slot(int64_t number) const { return scratch_ + number * Program::kSlotBytes; }

  // Input i with `rows` copies of the row at `from`; kept while tiles ask for the same.
  char* filled(int64_t i, const char* from, int64_t rows, int64_t columns) {
    Source& source = sources_[i];
    const Program::Access& access = *source.access;
    char* to = slot(access.slot);
    if (source.filled == from) return to;
    source.filled = from;
    fetch(access.size, to, from, 0, access.column, 1, columns);
    const int64_t row = columns * access.size, all = rows * row;
    for (int64_t done = row; done < all; done *= 2) std::memcpy(to + done, to, static_cast<size_t>(std::min(done, all - done)));
    return to;
  }

  int64_t outer_offset(const Program::Input& input, int64_t outer) const {
    int64_t offset = 0;
    for (size_t d = program_.outer_dims_.size(); d-- > 0;) {
      offset += outer % program_.outer_dims_[d] * input.outer[d];
      outer /= program_.outer_dims_[d];
    }
    return offset;
  }

  void set_outputs(int64_t element) {
    void** value = values_ + program_.inputs_.size();
    for (const Program::Output& output : program_.outputs_)
      *value++ = static_cast<char*>(operands_[output.operand]) + (first_element_ + element) * output.size;
  }

  void run_steps(int64_t n) {
    for (const Program::Step& step : program_.steps_) step.run(values_[step.target], values_[step.a], values_[step.b], values_[step.c], n);
  }

  const Program& program_;
  void* const* const operands_;
  char* const scratch_;
  const int64_t capacity_;
  // An input in the current matrix.
  struct Source {
    const Program::Access* access;
    const char* filled;  // where the contents of its slot come from
    char* base;
  };

  Program::Access product_;
  int64_t first_element_ = 0;  // of the current matrix
  Source sources_[Program::kMaxValues];
  void* values_[Program::kMaxValues + 1];  // in the current tile; the last one is null
};

void Program::run(void* const* operands, void* scratch, Range units) const {
  Interpreter interpreter(*this, operands, scratch, tile_rows_ * span_);
  const int64_t spans = whole_rows_ ? 1 : (columns_ + span_ - 1) / span_;
  while (units.begin < units.end) {
    const int64_t outer = units.begin == 0 ? 0 : units.begin / tiles_, first = units.begin - outer * tiles_;
    const int64_t last = std::min(tiles_, first + units.end - units.begin);
    interpreter.enter(outer);
    for (int64_t tile = first; tile < last; tile++) {
      if (whole_rows_) {
        interpreter.run_rows(tile * tile_rows_, std::min(tile_rows_, rows_ - tile * tile_rows_));
      } else {
        const int64_t row = tile / spans, column = tile % spans * span_;
        interpreter.run_span(row, column, std::min(span_, columns_ - column));
      }
    }
    units.begin += last - first;
  }
}

void Program::run_block(void* const* operands, void* scratch, void* tile, int64_t row_bytes, int64_t batch, Range rows,
                        Range columns) const {
  const bool by_rows = whole_rows_ && columns.begin == 0 && columns.end == columns_;
  const int64_t step = std::min(by_rows ? tile_rows_ : 1, rows.end - rows.begin);
  const int64_t width = by_rows ? columns_ : std::min(kTile, columns.end - columns.begin);
  Interpreter interpreter(*this, operands, scratch, step * width);
  char* product = static_cast<char*>(tile) - columns.begin * inputs_[0].access.size;
  int64_t outer = (batch * matrix_rows_ + rows.begin) / rows_, row = batch * matrix_rows_ + rows.begin - outer * rows_;
  for (int64_t left = rows.end - rows.begin; left > 0; row = 0, outer++) {
    const int64_t end = std::min(row + left, rows_);
    left -= end - row;
    interpreter.enter(outer);
    interpreter.set_product(product - row * row_bytes, row_bytes);
    product += (end - row) * row_bytes;
    for (; row < end; row += step) {
      if (by_rows) {
        interpreter.run_rows(row, std::min(step, end - row));
      } else {
        for (int64_t column = columns.begin; column < columns.end; column += width)
          interpreter.run_span(row, column, std::min(width, columns.end - column));
      }
    }
  }
}

}  // namespace keratin
