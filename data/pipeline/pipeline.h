// The decorators: each wraps a source in another. Arguments are checked by Dataset.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "data/pipeline/source.h"

namespace keratin::data::detail {

// On rows and on examples alike.
template <class T>
SourcePtr<T> shuffled(SourcePtr<T> source, std::int64_t buffer, std::uint64_t seed, bool reshuffle);
template <class T>
SourcePtr<T> repeated(SourcePtr<T> source, std::int64_t times);  // -1: without end
template <class T>
SourcePtr<T> taken(SourcePtr<T> source, std::int64_t n);  // -1: all
template <class T>
SourcePtr<T> skipped(SourcePtr<T> source, std::int64_t n);  // -1: all

// On examples.
SourcePtr<Example> generated(std::function<std::optional<Example>()> next);
SourcePtr<Example> mapped(SourcePtr<Example> source, std::function<Example(Example)> f);
SourcePtr<Example> parallel_mapped(SourcePtr<Example> source, std::function<Example(Example)> f,
                                   int threads, bool keep_order);
SourcePtr<Example> filtered(SourcePtr<Example> source, std::function<bool(const Example&)> keep);
SourcePtr<Example> stacked(SourcePtr<Example> source, std::int64_t size, bool drop_remainder);
SourcePtr<Example> prefetched(SourcePtr<Example> source, std::int64_t n);

// On rows.
SourcePtr<std::int64_t> all_rows(std::int64_t count);
SourcePtr<Example> examples_of(SourcePtr<std::int64_t> rows, std::shared_ptr<const Table> table);
SourcePtr<Example> gathered(SourcePtr<std::int64_t> rows, std::shared_ptr<const Table> table,
                            std::int64_t size, bool drop_remainder);

/// How many batches that many elements make.
std::int64_t batch_count(std::int64_t elements, std::int64_t size, bool drop_remainder);
/// How many elements that many full batches hold, or INT64_MAX.
std::int64_t element_count(std::int64_t batches, std::int64_t size);

}  // namespace keratin::data::detail
