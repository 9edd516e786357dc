// Work of a GPU that is noted once and done again with other data: a step of training as a graph.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace keratin::kernels {
class GpuPool;
}

namespace keratin::detail {

/// What the CPU does for recorded work each time that it is done: nothing else of the code that was
/// recorded runs again.
struct RecordedHostWork {
  /// Computes what the CPU makes of the new data. Throws kernels::CaptureError where that has another
  /// shape than before, and what the computations throw.
  void compute() const;
  /// Sends the results, and the numbers that kernels read.
  void send() const;
  /// Counts on: steps, random numbers, samples.
  void count() const;

  using Function = std::function<void()>;
  using Words = std::pair<std::size_t, std::function<void(std::uint64_t*)>>;
  std::vector<Function> computations, sends, counts;
  std::vector<Words> words;
  std::size_t word_count = 0;
  Tensor words_on_gpu;
  std::vector<Tensor> held;  // what graphs read
};

/// While one lives, what this thread gives to a GPU is recorded. In a rehearsal it is done too, and
/// what cannot be recorded is noted; in a capture kernels only go to the stream, which captures, and
/// that is thrown. Both ask for the same memory in the same order.
///
/// What differs between two runs of the work comes from tensors of the CPU that are watched, and
/// from words. Other numbers and tensors of the CPU are taken as they are now, as tf.function takes
/// Python's.
class Recording {
 public:
  enum class Mode : std::uint8_t { rehearsal, capture };
  /// Words that kernels read, i64 [kMostWords].
  static constexpr std::int64_t kMostWords = 4096;

  /// What is sent from the CPU goes to `kept`, where nothing that is recorded before it has memory;
  /// `words` too is for the work alone.
  Recording(Mode mode, const Tensor& words, kernels::GpuPool& kept);
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  /// That of this thread; nullptr: none, or one that does not look.
  static Recording* current();

  /// The work does what can't be recorded: "reads f32[32] on the CPU". Of a capture it is thrown, as
  /// kernels::CaptureError.
  void refuse(const std::string& what);
  /// The first such thing, with the layer or the like; "": none.
  const std::string& refused() const { return refused_; }

  /// A tensor of the CPU whose values are others at each run: whoever reads them, other than by
  /// computed_each_run, is refused.
  void watch(const Tensor& x);
  static bool is_watched(const Tensor& x);

  /// Notes that `there`, on the GPU, has at each run the values of `here`, which is watched: so that
  /// an index that is wrong can be found on the CPU. Of int32 and int64 only.
  void note_origin(const Tensor& there, const Tensor& here);
  /// The latter; not defined() where it is not known.
  Tensor origin(const Tensor& there) const;

  /// x, of the CPU, on the GPU, to be read only: sent again before each run where it is watched.
  Tensor sent(const Tensor& x);
  /// Memory of the GPU with `count` words that `fill` writes before each run.
  void* words(std::size_t count, std::function<void(std::uint64_t*)> fill);
  /// How often it was called with this key in this recording.
  std::uint64_t next_number(const void* key) { return numbers_[key]++; }

  /// After a capture, before the first launch: sends what does not change.
  void send_constants();
  RecordedHostWork& host_work() { return work_; }

 private:
  friend std::vector<Tensor> computed_each_run(const std::vector<Tensor>&,
                                               const std::function<std::vector<Tensor>()>&);
  friend void count_each_run(std::function<void()>);

  Mode mode_;
  kernels::GpuPool& kept_;
  Recording* before_;
  RecordedHostWork work_;
  std::string refused_;
  std::vector<Tensor> watched_;
  std::vector<std::pair<Tensor, Tensor>> constants_;            // on the GPU, and here
  std::map<std::pair<std::string, std::string>, Tensor> sent_;  // by spec, and value or place
  std::unordered_map<const void*, Tensor> origins_;             // by address on the GPU
  std::unordered_map<const void*, std::uint64_t> numbers_;
};

/// f(), which computes on the CPU, from `inputs` among others. Of a recorded step, where one of these
/// is watched, again before each run, and the results are watched.
std::vector<Tensor> computed_each_run(const std::vector<Tensor>& inputs,
                                      const std::function<std::vector<Tensor>()>& f);
inline Tensor computed_each_run(const Tensor& input, const std::function<Tensor()>& f) {
  return computed_each_run({input}, [f] { return std::vector<Tensor>{f()}; })[0];
}

/// f(), which counts something on the CPU; of a recorded step after each run of it.
void count_each_run(std::function<void()> f);

/// A number as `dtype` on a device, shared with others in a recorded step: to be read only.
Tensor scalar_on(Device device, double value, DType dtype);
/// x on a device, shared too.
Tensor read_only_on(Device device, const Tensor& x);

}  // namespace keratin::detail
