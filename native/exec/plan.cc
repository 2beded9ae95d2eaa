// Runs plans.
#include "exec/plan.h"

#include "base/denormals.h"
#include "exec/pool.h"

namespace keratin {

Plan::~Plan() {
  delete frame_.load(std::memory_order_acquire);
  for (Frame* frame : spare_frames_) delete frame;
}

static void apply_epilogue(const Epilogue* self, void* tile, int64_t row_bytes, int64_t batch, int64_t i0, int64_t i1, int64_t j0,
                           int64_t j1) {
  const BoundEpilogue& bound = *static_cast<const BoundEpilogue*>(self);
  void* scratch = thread_scratch(Scratch::Epilogue, bound.program->scratch_bytes());  // reserved before
  bound.program->run_block(bound.operands, scratch, tile, row_bytes, batch, {i0, i1}, {j0, j1});
}

// Scratch of the calling thread for kernels and for the epilogues that they call; false when memory is short.
static bool reserve(void** local, int64_t local_bytes, int64_t epilogue_bytes) {
  *local = thread_scratch(Scratch::Kernel, local_bytes);
  return (*local != nullptr || local_bytes == 0) && (epilogue_bytes == 0 || thread_scratch(Scratch::Epilogue, epilogue_bytes) != nullptr);
}

std::unique_ptr<Plan::Frame> Plan::make_frame() const {
  auto frame = std::make_unique<Frame>();
  const int64_t arena = aligned(arena_bytes_);
  frame->memory = AlignedBlock(arena + aligned(shared_bytes_));
  if (frame->memory.data() == nullptr && arena + shared_bytes_ > 0) return nullptr;
  frame->operands.reserve(places_.size());
  for (const Place& place : places_) {
    char* address = nullptr;
    if (place.kind == Place::Arena) address = frame->memory.data() + place.value;
    if (place.kind == Place::Constant) address = constants_.data() + place.value;
    frame->operands.push_back(address);
  }
  frame->epilogues.resize(epilogue_count_);
  for (const Instruction& instruction : instructions_) {
    if (instruction.epilogue == nullptr) continue;
    BoundEpilogue& bound = frame->epilogues[instruction.epilogue_number];
    bound.apply = apply_epilogue;
    bound.program = instruction.epilogue.get();
    bound.operands = frame->operands.data() + instruction.operands;
  }
  return frame;
}

Plan::Frame* Plan::acquire_frame() {
  if (Frame* frame = frame_.exchange(nullptr, std::memory_order_acquire)) return frame;
  {
    std::lock_guard<std::mutex> lock(spare_mutex_);
    if (!spare_frames_.empty()) {
      Frame* frame = spare_frames_.back();
      spare_frames_.pop_back();
      return frame;
    }
  }
  return make_frame().release();
}

void Plan::release_frame(Frame* frame) {
  Frame* other = frame_.exchange(frame, std::memory_order_acq_rel);
  if (other == nullptr) return;
  std::lock_guard<std::mutex> lock(spare_mutex_);
  spare_frames_.push_back(other);
}

Outcome Plan::run(void* const* externals, const std::atomic<bool>* cancel) {
  Outcome outcome;
  Frame* frame = acquire_frame();
  if (frame == nullptr) {
    outcome.status = Outcome::OutOfMemory;
    return outcome;
  }
  for (const Patch& patch : patches_) frame->operands[patch.operand] = externals[patch.external];
  {
    FlushDenormals flush;
    run_instructions(*frame, outcome, cancel);
  }
  release_frame(frame);
  return outcome;
}

void Plan::run_instructions(Frame& frame, Outcome& outcome, const std::atomic<bool>* cancel) {
  Fault fault;
  Call call;
  call.args.shared = frame.memory.data() + aligned(arena_bytes_);
  call.args.fault = &fault;
  if (!reserve(&call.args.local, local_bytes_, epilogue_bytes_)) {
    outcome.status = Outcome::OutOfMemory;
    return;
  }
  const bool profiling = profiling_.load(std::memory_order_relaxed);
  for (size_t i = 0; i < instructions_.size(); i++) {
    if (cancel != nullptr && cancel->load(std::memory_order_relaxed)) {
      outcome.status = Outcome::Cancelled;
      outcome.instruction = static_cast<int64_t>(i);
      return;
    }
    if (i >= commit_) cancel = nullptr;
    const Instruction& instruction = instructions_[i];
    call.instruction = &instruction;
    call.args.operands = frame.operands.data() + instruction.operands;
    call.args.ints = ints_.data() + instruction.ints;
    call.args.floats = floats_.data() + instruction.floats;
    call.args.epilogue = instruction.epilogue != nullptr ? &frame.epilogues[instruction.epilogue_number] : nullptr;
    if (profiling) {
      run_timed(call, i, outcome, cancel);
    } else {
      run_one(call, outcome, cancel);
    }
    if (outcome.status != Outcome::Done) {
      outcome.instruction = static_cast<int64_t>(i);
      return;
    }
    const int32_t code = fault.code.load(std::memory_order_relaxed);
    if (code == Fault::None) continue;
    if (code == Fault::OutOfMemory) {
      outcome.status = Outcome::OutOfMemory;
      outcome.instruction = static_cast<int64_t>(i);
      return;
    }
    outcome = {Outcome::Faulted, static_cast<int64_t>(i), static_cast<Fault::Code>(code), fault.value, fault.limit, 0};
    return;
  }
}

void Plan::run_timed(Call& call, size_t number, Outcome& outcome, const std::atomic<bool>* cancel) {
  const auto start = std::chrono::steady_clock::now();
  run_one(call, outcome, cancel);
  const std::chrono::nanoseconds time = std::chrono::steady_clock::now() - start;
  costs_[number].count.fetch_add(1, std::memory_order_relaxed);
  costs_[number].nanoseconds.fetch_add(time.count(), std::memory_order_relaxed);
}

void Plan::run_control(Call& call, Outcome& outcome, const std::atomic<bool>* cancel) const {
  outcome = call.instruction->control->run(call.args.operands, static_cast<char*>(call.args.shared), cancel);
  // The children may have asked for more of the thread's scratch, which moves it.
  if (!reserve(&call.args.local, local_bytes_, epilogue_bytes_)) outcome.status = Outcome::OutOfMemory;
}

void Plan::run_one(Call& call, Outcome& outcome, const std::atomic<bool>* cancel) const {
  if (call.instruction->control != nullptr) return run_control(call, outcome, cancel);
  const Work& work = call.instruction->work;
  for (call.args.phase = 0; call.args.phase < work.phases; call.args.phase++) {
    const int64_t units = work.units[call.args.phase];
    if (units <= 0) continue;
    if (!call.instruction->parallel) {
      run_range(*call.instruction, call.args, {0, units});
      continue;
    }
    auto body = [](void* context, Range range, int) {
      const Call& call = *static_cast<const Call*>(context);
      const Instruction& instruction = *call.instruction;
      Args args = call.args;
      if (reserve(&args.local, instruction.work.local_bytes, instruction.epilogue ? instruction.epilogue->scratch_bytes() : 0))
        run_range(instruction, args, range);
      else
        args.fault->report(Fault::OutOfMemory, instruction.work.local_bytes, 0);
    };
    Pool::instance().parallel_for(units, body, &call);
  }
}

void Plan::run_range(const Instruction& instruction, const Args& args, Range units) {
  if (instruction.run != nullptr) {
    instruction.run(args, units);
  } else {
    instruction.program->run(args.operands, args.local, units);
  }
}

Outcome Plan::run_steps(void* const* externals, int32_t* counter, int64_t steps, std::chrono::duration<double> budget,
                        RunControl& control) {
  const auto start = std::chrono::steady_clock::now();
  Outcome outcome;
  int64_t done = 0;
  while (done < steps) {
    if (control.begin_step()) {
      outcome = run(externals, &control.cancelled());
      if (outcome.status == Outcome::Done && counter != nullptr) ++*counter;
      control.end_step();
    } else {
      outcome = {};
      outcome.status = Outcome::Cancelled;
    }
    if (outcome.status != Outcome::Done) break;
    done++;
    if (std::chrono::steady_clock::now() - start >= budget) break;
  }
  control.close();
  outcome.steps = done;
  return outcome;
}

}  // namespace keratin
