// A compiled plan: instructions in order, where their operands are, and the memory they need. Made once, run many times,
// by several threads at once if need be.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>
#include "base/kernel.h"
#include "exec/control.h"
#include "exec/memory.h"
#include "exec/program.h"
#include "exec/registry.h"
#include "exec/run_control.h"

namespace keratin {

// How a run ended.
struct Outcome {
  enum Status { Done, Cancelled, Faulted, OutOfMemory } status = Done;
  int64_t instruction = -1;            // the one with the fault, or the first that did not run
  Fault::Code code = Fault::None;      // of a fault, as are the next two; see Fault
  int64_t value = 0, limit = 0;
  int64_t steps = 0;                   // completed runs, when there were to be several
};

// A program bound to the operands of a run, as kernels take it.
struct BoundEpilogue : Epilogue {
  const Program* program;
  void* const* operands;
};

class Plan {
 public:
  // Reads a plan from its words:
  //   [version = 1, n_slots, arena_bytes, constants_bytes, n_instructions]
  //   per slot: [kind (0 external, 1 arena, 2 constant), index of the external or byte offset]
  //   per instruction: [kernel id (-1 = fused, -2 = control flow), n_operands, slots... (-1 = null), n_ints, ints..., n_floats, floats...,
  //                     n_epilogue_ints, epilogue ints...]
  //   [n_externals, bytes of each]
  // Ints of a fused instruction and of an epilogue are a program (see Program::read), those of control flow are at Control; kernel ids and
  // tile ids are positions in `catalog`. Constants are copied. Null, with the reason in `error`, when a word is wrong.
  static std::unique_ptr<Plan> compile(const double* words, int64_t word_count, const void* constants, int64_t constants_bytes,
                                       const Plans& children, const Catalog& catalog, std::string* error);
  ~Plan();
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  // Bytes that each external buffer must have.
  const std::vector<int64_t>& external_bytes() const { return external_bytes_; }

  // From instruction `first` on the plan writes what must be written whole or not at all: from there on runs are not cancelled.
  void set_commit(size_t first) { commit_ = first; }

  // Runs the instructions on `externals`. Stops after an instruction that reports a fault, and before the next one once
  // `cancel` (may be null) is set.
  Outcome run(void* const* externals, const std::atomic<bool>* cancel);

  // Runs the plan up to `steps` times, adding one to `counter` (may be null) after each; stops early, after at least one
  // step, when `budget` is spent.
  Outcome run_steps(void* const* externals, int32_t* counter, int64_t steps, std::chrono::duration<double> budget, RunControl& control);

  // How often an instruction ran while profiling, and for how long altogether.
  struct Cost {
    std::atomic<int64_t> count{0}, nanoseconds{0};
  };
  void set_profile(bool on) { profiling_.store(on, std::memory_order_relaxed); }
  const std::vector<Cost>& profile() const { return costs_; }

 private:
  friend class PlanReader;

  struct Instruction {
    void (*run)(const Args&, Range) = nullptr;  // null: `program` or `control` is run instead
    std::unique_ptr<Program> program, epilogue;
    std::unique_ptr<Control> control;
    size_t operands = 0, ints = 0, floats = 0;  // where they begin in the lists below
    size_t epilogue_number = 0;
    Work work;
    bool parallel = false;
  };
  // An operand that is known only when the plan is run.
  struct Patch {
    size_t operand, external;
  };
  // What one run works on: intermediates, and the operands of all instructions as addresses.
  struct Frame {
    AlignedBlock memory;
    std::vector<void*> operands;
    std::vector<BoundEpilogue> epilogues;
  };
  // What a range of an instruction needs, whichever thread runs it.
  struct Call {
    const Instruction* instruction;
    Args args;  // `local` is the caller's
  };

  Plan() = default;
  Frame* acquire_frame();
  std::unique_ptr<Frame> make_frame() const;
  void release_frame(Frame* frame);
  void run_instructions(Frame& frame, Outcome& outcome, const std::atomic<bool>* cancel);
  void run_timed(Call& call, size_t number, Outcome& outcome, const std::atomic<bool>* cancel);
  void run_one(Call& call, Outcome& outcome, const std::atomic<bool>* cancel) const;
  void run_control(Call& call, Outcome& outcome, const std::atomic<bool>* cancel) const;
  static void run_range(const Instruction& instruction, const Args& args, Range units);

  std::vector<Instruction> instructions_;
  std::vector<int64_t> ints_;
  std::vector<double> floats_;
  std::vector<int64_t> external_bytes_;
  std::vector<Patch> patches_;
  // Where an operand is: a byte offset into the arena or the constants; others are null or patched.
  struct Place {
    enum Kind : uint8_t { External, Arena, Constant, Null } kind;
    int64_t value;
  };
  std::vector<Place> places_;  // of all operands of all instructions
  AlignedBlock constants_;
  int64_t arena_bytes_ = 0, shared_bytes_ = 0, local_bytes_ = 0, epilogue_bytes_ = 0;
  size_t epilogue_count_ = 0;
  size_t commit_ = SIZE_MAX;

  std::atomic<Frame*> frame_{nullptr};  // the one most runs take; further ones are in `spare_frames_`
  std::mutex spare_mutex_;
  std::vector<Frame*> spare_frames_;

  std::atomic<bool> profiling_{false};
  std::vector<Cost> costs_;
};

}  // namespace keratin
