// Reading an elementwise program: checks, merging of dimensions, choice of the tile.
#include "exec/program.h"

#include <algorithm>

namespace keratin {

namespace {

// Rows this long are cut into tiles; shorter ones are gathered into tiles of several rows.
constexpr int64_t kLongRow = kTile / 2;

struct RawInput {
  int operand;
  DType dtype;
  std::vector<int64_t> strides;
};

DType read_dtype(Words& words) {
  return static_cast<DType>(words.integer("dtype", 0, static_cast<int64_t>(DType::Count) - 1));
}

// Drops dimensions of one element and merges neighbours that all inputs cross with one stride.
void merge_dimensions(std::vector<int64_t>& dims, std::vector<RawInput>& inputs) {
  std::vector<int64_t> merged;
  std::vector<std::vector<int64_t>> strides(inputs.size());
  for (size_t d = 0; d < dims.size(); d++) {
    if (dims[d] == 1) continue;
    bool joins = !merged.empty();
    for (size_t i = 0; i < inputs.size() && joins; i++) joins = strides[i].back() == inputs[i].strides[d] * dims[d];
    if (joins) {
      merged.back() *= dims[d];
      for (size_t i = 0; i < inputs.size(); i++) strides[i].back() = inputs[i].strides[d];
    } else {
      merged.push_back(dims[d]);
      for (size_t i = 0; i < inputs.size(); i++) strides[i].push_back(inputs[i].strides[d]);
    }
  }
  dims = std::move(merged);
  for (size_t i = 0; i < inputs.size(); i++) inputs[i].strides = std::move(strides[i]);
}

}  // namespace

class ProgramReader {
 public:
  ProgramReader(Words& words, const Catalog& catalog, int64_t operand_count, bool epilogue)
      : words_(words), catalog_(catalog), operand_count_(operand_count), epilogue_(epilogue), program_(new Program) {}

  std::unique_ptr<Program> read() {
    read_dims();
    read_counts();
    read_inputs();
    read_outputs();
    if (!words_.ok()) return nullptr;
    lay_out();
    choose_tile();
    for (RawInput& input : inputs_) add_input(input);
    program_->slot_count_ = slots_;
    read_steps();
    return words_.ok() ? std::move(program_) : nullptr;
  }

 private:
  void read_dims() {
    const int64_t count = words_.integer("number of dimensions", epilogue_ ? 2 : 0, Program::kMaxDims);
    int64_t total = 1;
    for (int64_t i = 0; i < count && words_.ok(); i++) {
      dims_.push_back(words_.integer("dimension", 0, kMaxWord));
      if (__builtin_mul_overflow(total, dims_.back(), &total) || total > kMaxWord) words_.fail("too many elements");
    }
  }

  void read_counts() {
    input_count_ = words_.integer("number of inputs", epilogue_ ? 1 : 0, Program::kMaxValues);
    output_count_ = words_.integer("number of outputs", 1, Program::kMaxValues);
    program_->temp_count_ = static_cast<int>(words_.integer("number of temporaries", 0, Program::kMaxValues));
    step_count_ = words_.count("number of steps", 5);
    const int64_t values = input_count_ + output_count_ + program_->temp_count_;
    if (values > Program::kMaxValues) words_.fail("a program has at most 256 values, received " + std::to_string(values));
    program_->value_count_ = static_cast<int>(values);
    slots_ = program_->temp_count_;
  }

  void read_inputs() {
    for (int64_t i = 0; i < input_count_ && words_.ok(); i++) {
      const bool product = epilogue_ && i == 0;
      RawInput input;
      input.operand = static_cast<int>(words_.integer("operand of an input", product ? Program::kProduct : 0,
                                                      product ? Program::kProduct : operand_count_ - 1));
      input.dtype = read_dtype(words_);
      for (size_t d = 0; d < dims_.size(); d++) input.strides.push_back(words_.integer("stride", 0, int64_t{1} << 40));
      inputs_.push_back(std::move(input));
    }
  }

  void read_outputs() {
    for (int64_t i = 0; i < output_count_ && words_.ok(); i++) {
      const int operand = static_cast<int>(words_.integer("operand of an output", 0, operand_count_ - 1));
      program_->outputs_.push_back({operand, static_cast<int>(size_of(read_dtype(words_)))});
    }
  }

  // Makes the last two dimensions rows and columns, after dimensions were merged; those of an epilogue's matrices only into
  // longer columns of rows.
  void lay_out() {
    Program& p = *program_;
    if (epilogue_) {
      p.matrix_rows_ = dims_[dims_.size() - 2];
      merge_rows();
    } else {
      merge_dimensions(dims_, inputs_);
    }
    while (dims_.size() < 2) {
      const int64_t unit = dims_.empty() ? 1 : 0;  // a single element is a dense row of one
      dims_.insert(dims_.begin(), 1);
      for (RawInput& input : inputs_) input.strides.insert(input.strides.begin(), unit);
    }
    p.columns_ = dims_.back();
    p.rows_ = dims_[dims_.size() - 2];
    p.outer_dims_.assign(dims_.begin(), dims_.end() - 2);
    for (int64_t dim : p.outer_dims_) p.outer_ *= dim;
  }

  // Merges all dimensions but the last: a bias, say, is the same for all rows of all matrices.
  void merge_rows() {
    const int64_t columns = dims_.back();
    std::vector<int64_t> strides;
    for (RawInput& input : inputs_) {
      strides.push_back(input.strides.back());
      input.strides.pop_back();
    }
    dims_.pop_back();
    merge_dimensions(dims_, inputs_);
    if (dims_.empty()) {
      dims_.push_back(1);
      for (size_t i = 0; i < inputs_.size(); i++) inputs_[i].strides.push_back(columns * strides[i]);
    }
    dims_.push_back(columns);
    for (size_t i = 0; i < inputs_.size(); i++) inputs_[i].strides.push_back(strides[i]);
  }

  void choose_tile() {
    Program& p = *program_;
    if (p.rows_ == 0 || p.columns_ == 0 || p.outer_ == 0) return;
    p.whole_rows_ = p.columns_ < kLongRow;
    if (p.whole_rows_) {
      p.tile_rows_ = std::min(p.rows_, kTile / p.columns_);
      p.span_ = p.columns_;
      p.tiles_ = (p.rows_ + p.tile_rows_ - 1) / p.tile_rows_;
    } else {
      // Tiles of about equal length, in multiples of the widest vector of bytes.
      const int64_t parts = (p.columns_ + kTile - 1) / kTile;
      p.span_ = std::min(p.columns_, ((p.columns_ + parts - 1) / parts + 63) / 64 * 64);
      p.tiles_ = p.rows_ * ((p.columns_ + p.span_ - 1) / p.span_);
    }
  }

  void add_input(const RawInput& raw) {
    Program& p = *program_;
    const int size = static_cast<int>(size_of(raw.dtype));
    const size_t n = dims_.size();
    const int64_t row = raw.strides[n - 2], column = raw.strides[n - 1];
    const bool dense = column == 1 || p.columns_ == 1;
    Program::Access access{Fetch::Rows, Fetch::Rows, size, 0, row * size, column * size};
    if (dense && (row == p.columns_ || p.rows_ == 1)) {
      access.in_rows = Fetch::InPlace;
    } else if (row == 0) {
      access.in_rows = column == 0 ? Fetch::Splat : Fetch::Repeat;
    }
    if (column == 1) {
      access.in_span = Fetch::InPlace;
    } else if (column == 0) {
      access.in_span = Fetch::Splat;
    }
    if (access.in_rows != Fetch::InPlace || access.in_span != Fetch::InPlace || epilogue_) access.slot = static_cast<int>(slots_++);
    Program::Input input{raw.operand, access, {}, reach(raw)};
    for (size_t d = 0; d + 2 < n; d++) input.outer.push_back(raw.strides[d] * size);
    p.inputs_.push_back(std::move(input));
  }

  int64_t reach(const RawInput& raw) {
    if (raw.operand == Program::kProduct) return 0;
    int64_t last = 0;
    for (size_t d = 0; d < dims_.size(); d++) {
      if (dims_[d] == 0) return 0;
      int64_t way;
      if (__builtin_mul_overflow(dims_[d] - 1, raw.strides[d], &way) || way > kMaxWord || (last += way) > kMaxWord)
        words_.fail("stride: the input reaches too far");
      if (!words_.ok()) return 0;
    }
    return (last + 1) * size_of(raw.dtype);
  }

  // `sizes` are bytes of the elements that values have by then; 0: not written yet.
  void read_steps() {
    Program& p = *program_;
    std::vector<int> sizes(static_cast<size_t>(p.value_count_), 0);
    for (size_t i = 0; i < inputs_.size(); i++) sizes[i] = p.inputs_[i].access.size;
    std::vector<bool> written(p.outputs_.size(), false);
    for (int64_t i = 0; i < step_count_ && words_.ok(); i++) {
      const int64_t tile = words_.integer("tile op", 0, static_cast<int64_t>(catalog_.tiles.size()) - 1);
      const int64_t target = words_.integer("target of a step", input_count_, p.value_count_ - 1), output = target - input_count_;
      const TileRow& row = *catalog_.tiles[static_cast<size_t>(tile)];
      int16_t args[3];
      for (int k = 0; k < 3; k++) args[k] = read_argument(sizes, row.sizes.in[k]);
      if (output < output_count_ && p.outputs_[static_cast<size_t>(output)].size != row.sizes.out)
        words_.fail("target of a step: the tile op writes elements of another size");
      if (!words_.ok()) return;
      sizes[static_cast<size_t>(target)] = row.sizes.out;
      if (output < output_count_) written[static_cast<size_t>(output)] = true;
      p.steps_.push_back({row.run, static_cast<int16_t>(target), args[0], args[1], args[2]});
    }
    if (std::find(written.begin(), written.end(), false) != written.end()) words_.fail("an output is never written");
  }

  // An argument of `size` bytes an element; 0: the tile op has none.
  int16_t read_argument(const std::vector<int>& sizes, int size) {
    const int64_t arg = words_.integer("argument of a step", -1, program_->value_count_ - 1);
    if ((arg < 0) != (size == 0)) words_.fail("argument of a step: the tile op takes another number of them");
    if (arg < 0 || !words_.ok()) return static_cast<int16_t>(program_->value_count_);
    const int actual = sizes[static_cast<size_t>(arg)];
    if (actual == 0) words_.fail("argument of a step: value " + std::to_string(arg) + " is read before it is written");
    if (actual != size) words_.fail("argument of a step: the tile op reads elements of another size");
    return static_cast<int16_t>(arg);
  }

  Words& words_;
  const Catalog& catalog_;
  const int64_t operand_count_;
  const bool epilogue_;
  std::unique_ptr<Program> program_;
  std::vector<int64_t> dims_;
  std::vector<RawInput> inputs_;
  int64_t input_count_ = 0, output_count_ = 0, step_count_ = 0;
  int64_t slots_ = 0;
};

std::unique_ptr<Program> Program::read(Words& words, const Catalog& catalog, int64_t operand_count, bool epilogue) {
  return ProgramReader(words, catalog, operand_count, epilogue).read();
}

// The cost of a step is that of a cheap op; transcendental ones cost a few times as much, streams from memory likewise.
Work Program::work() const {
  constexpr double kStepNs = 0.1, kByteNs = 0.03;
  Work work;
  double bytes = 0;
  for (const Input& input : inputs_) bytes += input.access.in_span == Fetch::InPlace ? input.access.size : 0;
  for (const Output& output : outputs_) bytes += output.size;
  const double elements = static_cast<double>(outer_) * static_cast<double>(rows_) * static_cast<double>(columns_);
  work.units[0] = outer_ * tiles_;
  work.nanoseconds = elements * (kStepNs * static_cast<double>(steps_.size()) + kByteNs * bytes);
  work.local_bytes = scratch_bytes();
  return work;
}

std::vector<Program::Reach> Program::reaches() const {
  std::vector<Reach> reaches;
  for (const Input& input : inputs_)
    if (input.operand != kProduct) reaches.push_back({input.operand, input.reach, false});
  for (const Output& output : outputs_) reaches.push_back({output.operand, outer_ * rows_ * columns_ * output.size, true});
  return reaches;
}

bool Program::takes(int64_t matrices, int64_t rows, int64_t columns, int64_t size) const {
  const bool same_rows = outer_ * rows_ == matrices * rows && (matrices == 1 || matrix_rows_ == rows);
  return same_rows && columns_ == columns && rows > 0 && columns > 0 && inputs_[0].access.size == size;
}

}  // namespace keratin
