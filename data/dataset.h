#pragma once

#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tensor/several.h"

namespace keratin::data {

namespace detail {
template <class T>
class Pass;
struct Pipeline;
struct PipelineOf;
struct FileNames;
}  // namespace detail

/// Dataset::cardinality() of one that never ends, and of one whose end only a pass can find.
inline constexpr std::int64_t kInfinite = -1, kUnknown = -2;

/// For prefetch and num_parallel_calls: keratin chooses.
inline constexpr int AUTOTUNE = -1;

struct MapOptions {
  /// How many threads call the function: by default this one; never more than there are kernel
  /// threads (KERATIN_THREADS). Above 1 the function must be safe to call from several at once.
  std::optional<int> num_parallel_calls = {};
  /// Keep the order when several threads work; false lets an element that is ready overtake.
  bool deterministic = true;
};

struct BatchOptions {
  /// Leave out the last batch where it would be short.
  bool drop_remainder = false;
};

struct ShuffleOptions {
  /// The order depends on it and on the pass only. Not given: drawn from keratin's global seed when
  /// shuffle is called, so call set_random_seed before.
  std::optional<std::int64_t> seed = {};
  /// Another order in every pass; false repeats the first one.
  bool reshuffle_each_iteration = true;
};

/// Shapes to pad the tensors of an element to: one for all of a part, or by position or name.
struct PaddedShapes {
  Several<Shape> x = {};
  Several<Shape> y = {};
  Several<Shape> sample_weight = {};
};

struct PaddedBatchOptions {
  /// Not given, or an axis of -1 or None: to the longest of the batch.
  PaddedShapes padded_shapes = {};
  /// Numbers (rank 0) or strings, given likewise; 0 and "" where not. They must fit the dtype.
  Example padding_values = {};
  /// Leave out the last batch where it would be short.
  bool drop_remainder = false;
};

struct InterleaveOptions {
  /// How many datasets are open at a time. TensorFlow takes the number of processors, so that the
  /// order differs between machines; here it is a number.
  std::int64_t cycle_length = 16;
  /// How many elements in a row come from one of them.
  std::int64_t block_length = 1;
  /// How many threads call the function and read from the open datasets: by default this one. Above
  /// 1 the function must be safe to call from several at once.
  std::optional<int> num_parallel_calls = {};
  /// Keep the order when several threads work; false lets a dataset that is ready overtake.
  bool deterministic = true;
};

struct WindowOptions {
  /// From the start of a window to the start of the next; not given: `size`.
  std::optional<std::int64_t> shift = {};
  /// From one element of a window to the next.
  std::int64_t stride = 1;
  /// Leave out the windows at the end that would be short.
  bool drop_remainder = false;
};

/// One pass over a Dataset. It belongs to one thread; dropping it early stops whatever works for
/// it in the background.
///
///     Iterator batches = dataset.begin(epoch);
///     while (std::optional<Example> batch = batches.next()) train(*batch);
class Iterator {
 public:
  Iterator(Iterator&&) noexcept;
  Iterator& operator=(Iterator&&) noexcept;
  ~Iterator();

  /// The next element, or none at the end, and from then on. What a generator or a mapped function
  /// throws comes out here, in its place in the order, and ends the pass.
  std::optional<Example> next();

  /// How many elements next() has given, those left out by begin's `skipped` included: to resume
  /// there, dataset.begin(pass, taken).
  std::int64_t taken() const { return taken_; }

  // For `for (const Example& example : dataset)`.
  const Example& operator*();
  Iterator& operator++();
  bool operator==(std::default_sentinel_t);

 private:
  friend class Dataset;
  Iterator(std::shared_ptr<const detail::Pipeline> pipeline,
           std::unique_ptr<detail::Pass<Example>> pass, std::int64_t skipped);

  std::shared_ptr<const detail::Pipeline> pipeline_;  // outlives its pass
  std::unique_ptr<detail::Pass<Example>> pass_;       // null when it is over
  std::optional<Example> current_;                    // of the range-for form
  std::int64_t taken_ = 0;
};

/// A sequence of examples, made while somebody asks for them: an immutable value, cheap to copy. An
/// operation gives another Dataset and leaves this one as it is.
///
///     Dataset train = from_tensor_slices(x, y).shuffle(10000, {.seed = 1}).batch(32).prefetch(2);
///
/// Each pass is told its number (fit: the epoch); numbers and seeds fix its order, so passes can be
/// repeated and resumed. `for (const Example& batch : dataset)` is pass 0, every time: in a loop
/// over epochs use begin(epoch). Errors in arguments are thrown at once, those in data during the
/// pass.
class Dataset {
 public:
  Dataset() = default;  // none: defined() is false
  explicit Dataset(std::shared_ptr<const detail::Pipeline> pipeline);

  bool defined() const { return pipeline_ != nullptr; }
  /// How many elements a pass gives; kInfinite or kUnknown.
  std::int64_t cardinality() const;
  /// Of a dataset from a directory, whatever was done with it since (but for zip, and concatenate
  /// with one of other classes): the names of the classes, in the order of their numbers (none
  /// without labels), and the files before any shuffling of passes. Throws ValueError for others.
  const std::vector<std::string>& class_names() const;
  const std::vector<std::string>& file_paths() const;

  /// Starts a pass after its first `skipped` elements. Throws ValueError if either is negative.
  Iterator begin(std::int64_t pass = 0, std::int64_t skipped = 0) const;
  std::default_sentinel_t end() const { return {}; }

  /// f of every element. Each pass starts from a fresh copy of f, captured state included. For the
  /// same bits every time, f takes random numbers from a generator of its own: keratin's global one
  /// is drawn from by others meanwhile, if f runs on other threads (num_parallel_calls, prefetch).
  Dataset map(std::function<Example(Example)> f, MapOptions options = {}) const;
  /// The elements that `keep` is true for. Each pass starts from a fresh copy of `keep`.
  Dataset filter(std::function<bool(const Example&)> keep) const;
  /// Stacks `size` elements along a new leading axis; the last batch may be short. The pass throws
  /// ShapeError, DTypeError or ValueError where elements of a batch differ in shape, dtype or
  /// structure.
  Dataset batch(std::int64_t size, BatchOptions options = {}) const;
  /// The same of elements that differ in size: each is padded at the ends of its axes. The pass
  /// throws ShapeError for an element longer than `padded_shapes` allows, or of another rank.
  Dataset padded_batch(std::int64_t size, PaddedBatchOptions options = {}) const;
  /// Single rows of batches. Its cardinality is unknown. The pass throws ShapeError where tensors
  /// of a batch differ in rows.
  Dataset unbatch() const;
  /// Windows of `size` elements, each stacked along a new leading axis (in TensorFlow a window is a
  /// dataset, that one batches): [0, 1, 2], [3, 4, 5] ...; by shift = 1 [0, 1, 2], [1, 2, 3] ...
  Dataset window(std::int64_t size, WindowOptions options = {}) const;
  /// Keeps `buffer` elements at hand and gives a random one of them each time: a uniformly random
  /// order if `buffer` is at least the number of elements, a local one otherwise.
  Dataset shuffle(std::int64_t buffer, ShuffleOptions options = {}) const;
  /// One pass after the other, `times` of them; without end for -1. Each counts as a pass of its
  /// own for a shuffle before it.
  Dataset repeat(std::int64_t times = -1) const;
  /// The first n elements at most; all for -1.
  Dataset take(std::int64_t n) const;
  /// All but the first n elements; for -1 none is left.
  Dataset skip(std::int64_t n) const;
  /// The elements whose number, counted from 0, is `index` modulo `num_shards`.
  Dataset shard(std::int64_t num_shards, std::int64_t index) const;
  /// The elements of this dataset, then those of the other; both are told the same pass. Structure
  /// and dtypes must be alike (the pass throws otherwise), shapes need not.
  Dataset concatenate(const Dataset& other) const;
  /// Puts the element's number, an int64, before its x: x becomes {number, x ...}, or has "index"
  /// where it goes by names.
  Dataset enumerate(std::int64_t start = 0) const;
  /// The datasets that f makes of the elements, in turns: `block_length` elements of each of
  /// `cycle_length`; where one is at its end, that of the next element takes its place. Each pass
  /// starts from a fresh copy of f.
  ///
  ///     files.interleave([](const Example& file) { return lines_of(file); }, {.cycle_length = 4})
  Dataset interleave(std::function<Dataset(Example)> f, InterleaveOptions options = {}) const;
  /// Keeps what pass 0 gives, and gives that in every pass; put it behind costly maps and before
  /// shuffle, augmentation and repeat. In memory, once a pass has come to its end. Or in a file,
  /// which is there, whole, from that moment on, and is read by later runs of the program: they
  /// must make the same dataset. Remove the file when the data change. The pass throws FileError
  /// for a file that is something else, broken, or of a dataset with another number of elements.
  Dataset cache(const std::string& filename = "") const;
  /// Makes up to n elements ahead on a thread of its own (AUTOTUNE: 2).
  Dataset prefetch(std::int64_t n) const;

 private:
  friend struct detail::PipelineOf;
  friend Dataset zip(const Several<Dataset>& x, const Several<Dataset>& y,
                     const Several<Dataset>& sample_weight);
  const detail::Pipeline& pipeline(const char* what) const;
  const detail::FileNames& files(const char* what) const;

  std::shared_ptr<const detail::Pipeline> pipeline_;
};

/// One element for each row of the tensors: their leading axes are sliced, names and structure
/// kept. Batches of it, shuffled or not, are gathered row by row without making the single
/// elements. The tensors are shared, not copied. Zero rows are legal. Throws ShapeError where
/// tensors differ in rows or have no axis, ValueError without x.
Dataset from_tensor_slices(const Tensors& x, const Tensors& y = {},
                           const Tensors& sample_weight = {});

/// One element: these tensors. Throws ValueError without x.
Dataset from_tensors(const Tensors& x, const Tensors& y = {}, const Tensors& sample_weight = {});

/// Numbers, int64 [], from 0 or `start`, `step` apart, before `stop`. Throws ValueError if step is
/// 0.
Dataset range(std::int64_t stop);
Dataset range(std::int64_t start, std::int64_t stop, std::int64_t step = 1);

using Datasets = Several<Dataset>;

/// Elements of several datasets side by side, until the first of them ends. Each gives x alone,
/// which becomes x, y or sample_weight here; of several in a list or by name, one tensor after the
/// other. The pass throws ValueError for elements that have y or sample_weight.
///
///     data::zip(images, labels).batch(32);
///     data::zip({{"left", left}, {"right", right}}, distances);
Dataset zip(const Datasets& x, const Datasets& y = {}, const Datasets& sample_weight = {});

/// The elements that `next` gives until it gives none.
/// Each pass over the data starts from a fresh copy of `next`, captured state included.
Dataset from_generator(std::function<std::optional<Example>()> next);

}  // namespace keratin::data

namespace keratin {
using data::Dataset;
}
