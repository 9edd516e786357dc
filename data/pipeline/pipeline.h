// The decorators: each wraps a source in another. Arguments are checked by Dataset.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/pipeline/source.h"

namespace keratin::data {
class Dataset;
class Iterator;
struct PaddedBatchOptions;
}  // namespace keratin::data

namespace keratin::data::detail {

/// What of a zip becomes x, y or sample_weight: none, one, a list or a dictionary.
struct ZipPart {
  std::vector<SourcePtr<Example>> sources = {};
  std::vector<std::string> names = {};
  bool single = true, named = false;
};
using ZipParts = std::array<ZipPart, 3>;

/// How windows follow one another; all positive.
struct Windows {
  std::int64_t size = 1, shift = 1, stride = 1;
  bool drop_remainder = false;
  /// From the first to the last element of a window.
  std::int64_t span() const { return (size - 1) * stride + 1; }
};

/// How interleave goes round.
struct Cycle {
  std::int64_t length = 1, block = 1;
  int threads = 1;
  bool keep_order = true;
};

// On rows and on examples alike.
template <class T>
SourcePtr<T> shuffled(SourcePtr<T> source, std::int64_t buffer, std::uint64_t seed, bool reshuffle);
template <class T>
SourcePtr<T> repeated(SourcePtr<T> source, std::int64_t times);  // -1: without end
template <class T>
SourcePtr<T> taken(SourcePtr<T> source, std::int64_t n);  // -1: all
template <class T>
SourcePtr<T> skipped(SourcePtr<T> source, std::int64_t n);  // -1: all
template <class T>
SourcePtr<T> concatenated(SourcePtr<T> first, SourcePtr<T> second);
template <class T>
SourcePtr<T> sharded(SourcePtr<T> source, std::int64_t shards, std::int64_t index);
template <class T>
SourcePtr<T> cached(SourcePtr<T> source);  // in memory

// On examples.
SourcePtr<Example> single(Example element);
SourcePtr<Example> numbers(std::int64_t start, std::int64_t step, std::int64_t count);
SourcePtr<Example> generated(std::function<std::optional<Example>()> next);
SourcePtr<Example> mapped(SourcePtr<Example> source, std::function<Example(Example)> f);
SourcePtr<Example> parallel_mapped(SourcePtr<Example> source, std::function<Example(Example)> f,
                                   int threads, bool keep_order);
SourcePtr<Example> filtered(SourcePtr<Example> source, std::function<bool(const Example&)> keep);
SourcePtr<Example> stacked(SourcePtr<Example> source, std::int64_t size, bool drop_remainder);
SourcePtr<Example> prefetched(SourcePtr<Example> source, std::int64_t n);
SourcePtr<Example> zipped(ZipParts parts);
SourcePtr<Example> unbatched(SourcePtr<Example> source);
SourcePtr<Example> enumerated(SourcePtr<Example> source, std::int64_t start);
SourcePtr<Example> cached_in_file(SourcePtr<Example> source, std::string path);
/// A pass over what the function of an interleave gave. Throws ValueError if that was never set.
Iterator inner_pass(const Dataset& dataset, std::int64_t pass);
SourcePtr<Example> interleaved(SourcePtr<Example> source, std::function<Dataset(Example)> f,
                               Cycle cycle);
SourcePtr<Example> parallel_interleaved(SourcePtr<Example> source,
                                        std::function<Dataset(Example)> f, Cycle cycle);
SourcePtr<Example> windowed(SourcePtr<Example> source, Windows windows);
/// Throws ValueError or ShapeError for what no element could be padded with.
void check_padding(const PaddedBatchOptions& options);
SourcePtr<Example> padded_batches(SourcePtr<Example> source, std::int64_t size,
                                  PaddedBatchOptions options);

// On rows.
SourcePtr<Example> windowed(SourcePtr<std::int64_t> rows, std::shared_ptr<const Table> table,
                            Windows windows);
SourcePtr<std::int64_t> all_rows(std::int64_t count);
SourcePtr<Example> examples_of(SourcePtr<std::int64_t> rows, std::shared_ptr<const Table> table);
SourcePtr<Example> gathered(SourcePtr<std::int64_t> rows, std::shared_ptr<const Table> table,
                            std::int64_t size, bool drop_remainder);

/// How many batches that many elements make.
std::int64_t batch_count(std::int64_t elements, std::int64_t size, bool drop_remainder);
/// How many elements that many full batches hold, or INT64_MAX.
std::int64_t element_count(std::int64_t batches, std::int64_t size);

}  // namespace keratin::data::detail
