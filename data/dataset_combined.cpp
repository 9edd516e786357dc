// Datasets of several others, and what regroups or keeps elements.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "data/dataset.h"
#include "data/pipeline/checks.h"
#include "data/pipeline/make_dataset.h"
#include "data/pipeline/structure.h"
#include "data/pipeline/table.h"
#include "kernels/parallel.h"

namespace keratin::data {
namespace {

using detail::decorated;
using detail::of_examples;
using detail::of_rows;
using detail::Pipeline;
using detail::require_at_least;
using detail::require_function;

// Of two datasets from directories with the same classes; none otherwise.
detail::Files joined(const detail::Files& a, const detail::Files& b) {
  if (a == b || a == nullptr || b == nullptr) return a == b ? a : nullptr;
  if (a->class_names != b->class_names) return nullptr;
  detail::FileNames both = *a;
  both.file_paths.insert(both.file_paths.end(), b->file_paths.begin(), b->file_paths.end());
  return std::make_shared<const detail::FileNames>(std::move(both));
}

}  // namespace

Dataset Dataset::padded_batch(std::int64_t size, PaddedBatchOptions options) const {
  const Pipeline& from = pipeline("padded_batch");
  require_at_least(1, "Dataset.padded_batch: size", size);
  detail::check_padding(options);
  return of_examples(detail::padded_batches(from.examples, size, std::move(options)), from.files);
}

Dataset Dataset::unbatch() const {
  const Pipeline& from = pipeline("unbatch");
  return of_examples(detail::unbatched(from.examples), from.files);
}

Dataset Dataset::window(std::int64_t size, WindowOptions options) const {
  const Pipeline& from = pipeline("window");
  require_at_least(1, "Dataset.window: size", size);
  const detail::Windows windows = {.size = size,
                                   .shift = options.shift.value_or(size),
                                   .stride = options.stride,
                                   .drop_remainder = options.drop_remainder};
  require_at_least(1, "Dataset.window: shift", windows.shift);
  require_at_least(1, "Dataset.window: stride", windows.stride);
  std::int64_t span = 0;
  if (__builtin_mul_overflow(size, windows.stride, &span)) {
    throw ValueError(
        fmt::format("Dataset.window: size {} times stride {} is too large", size, windows.stride));
  }
  if (from.rows != nullptr)
    return of_examples(detail::windowed(from.rows, from.table, windows), from.files);
  return of_examples(detail::windowed(from.examples, windows), from.files);
}

Dataset Dataset::shard(std::int64_t num_shards, std::int64_t index) const {
  const Pipeline& from = pipeline("shard");
  require_at_least(1, "Dataset.shard: num_shards", num_shards);
  if (index < 0 || index >= num_shards) {
    throw ValueError(
        fmt::format("Dataset.shard: index is {}; expected 0 to {}", index, num_shards - 1));
  }
  return decorated(from,
                   [&](const auto& source) { return detail::sharded(source, num_shards, index); });
}

Dataset Dataset::concatenate(const Dataset& other) const {
  const Pipeline &first = pipeline("concatenate"), &second = other.pipeline("concatenate");
  const detail::Files files = joined(first.files, second.files);
  if (first.rows != nullptr && first.table == second.table)
    return of_rows(detail::concatenated(first.rows, second.rows), first.table, files);
  return of_examples(detail::concatenated(first.examples, second.examples), files);
}

Dataset Dataset::enumerate(std::int64_t start) const {
  const Pipeline& from = pipeline("enumerate");
  return of_examples(detail::enumerated(from.examples, start), from.files);
}

Dataset Dataset::interleave(std::function<Dataset(Example)> f, InterleaveOptions options) const {
  const Pipeline& from = pipeline("interleave");
  require_function("Dataset.interleave", f);
  require_at_least(1, "Dataset.interleave: cycle_length", options.cycle_length);
  require_at_least(1, "Dataset.interleave: block_length", options.block_length);
  int threads = options.num_parallel_calls.value_or(1);
  if (threads == AUTOTUNE) threads = kernels::thread_count();
  require_at_least(1, "Dataset.interleave: num_parallel_calls", threads, ", or AUTOTUNE");
  threads = std::min(threads, kernels::thread_count());
  const detail::Cycle cycle = {.length = options.cycle_length,
                               .block = options.block_length,
                               .threads = threads,
                               .keep_order = options.deterministic};
  return of_examples(threads == 1
                         ? detail::interleaved(from.examples, std::move(f), cycle)
                         : detail::parallel_interleaved(from.examples, std::move(f), cycle),
                     from.files);
}

Dataset Dataset::cache(const std::string& filename) const {
  const Pipeline& from = pipeline("cache");
  if (cardinality() == kInfinite) {
    throw ValueError(
        "Dataset.cache: the dataset has no end, so that its cache would never be complete; put "
        "cache before repeat");
  }
  if (!filename.empty())
    return of_examples(detail::cached_in_file(from.examples, filename), from.files, from.batch);
  return decorated(from, [](const auto& source) { return detail::cached(source); });
}

Dataset from_tensors(const Tensors& x, const Tensors& y, const Tensors& sample_weight) {
  const Example element = {x, y, sample_weight};
  if (x.none()) throw ValueError("from_tensors: x is empty; expected a tensor");
  detail::for_each_tensor(element, [&](const Tensor& tensor) {
    if (!tensor.defined()) {
      throw ValueError(fmt::format("from_tensors: a tensor has no value, it was never set: {}",
                                   detail::listing(element)));
    }
  });
  return of_examples(detail::single(element));
}

Dataset range(std::int64_t stop) { return range(0, stop); }

Dataset range(std::int64_t start, std::int64_t stop, std::int64_t step) {
  if (step == 0) throw ValueError("range: step is 0; expected another number");
  const auto distance = static_cast<__int128>(stop) - start;
  const __int128 steps = step, count = (distance + steps - (steps > 0 ? 1 : -1)) / steps;
  const bool some = (distance > 0) == (steps > 0) && distance != 0;
  if (some && count > std::numeric_limits<std::int64_t>::max())
    throw ValueError(fmt::format("range: from {} to {} there are too many numbers", start, stop));
  return of_examples(detail::numbers(start, step, some ? static_cast<std::int64_t>(count) : 0));
}

Dataset zip(const Datasets& x, const Datasets& y, const Datasets& sample_weight) {
  if (x.none()) throw ValueError("zip: x is empty; expected a dataset");
  detail::ZipParts parts;
  const Datasets* given[] = {&x, &y, &sample_weight};
  for (std::size_t p = 0; p < parts.size(); ++p) {
    parts[p].single = given[p]->single();
    parts[p].named = given[p]->named();
    for (const auto& [name, dataset] : given[p]->entries()) {
      parts[p].sources.push_back(dataset.pipeline("zip").examples);
      parts[p].names.push_back(name);
    }
  }
  const bool alone = x.single() && y.none() && sample_weight.none();
  return of_examples(detail::zipped(std::move(parts)), alone ? x.pipeline("zip").files : nullptr);
}

}  // namespace keratin::data
