#include "data/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "data/pipeline/checks.h"
#include "data/pipeline/make_dataset.h"
#include "data/pipeline/pipeline.h"
#include "data/pipeline/table.h"
#include "kernels/call_site.h"
#include "kernels/parallel.h"
#include "tensor/random.h"

namespace keratin::data {
namespace {

using detail::decorated;
using detail::of_examples;
using detail::of_rows;
using detail::Pipeline;
using detail::require_at_least;
using detail::require_function;

}  // namespace

Iterator::Iterator(std::shared_ptr<const detail::Pipeline> pipeline,
                   std::unique_ptr<detail::Pass<Example>> pass, std::int64_t skipped)
    : pipeline_(std::move(pipeline)), pass_(std::move(pass)), taken_(skipped) {}
Iterator::Iterator(Iterator&&) noexcept = default;
Iterator& Iterator::operator=(Iterator&& other) noexcept {
  pass_ = nullptr;  // before its pipeline
  pipeline_ = std::move(other.pipeline_);
  pass_ = std::move(other.pass_);
  current_ = std::move(other.current_);
  taken_ = other.taken_;
  return *this;
}
Iterator::~Iterator() = default;

std::optional<Example> Iterator::next() {
  if (pass_ == nullptr) return {};
  static const kernels::Scope* const data =
      kernels::scope_of(nullptr, kernels::ScopeKind::data, "data");
  const kernels::ScopeGuard scope(data);
  try {
    std::optional<Example> example = pass_->next();
    if (example) {
      ++taken_;
    } else {
      pass_ = nullptr;
    }
    return example;
  } catch (...) {
    pass_ = nullptr;
    throw;
  }
}

const Example& Iterator::operator*() {
  if (!current_) current_ = next();
  KERATIN_ASSERT(current_.has_value());
  return *current_;
}
Iterator& Iterator::operator++() {
  current_.reset();
  return *this;
}
bool Iterator::operator==(std::default_sentinel_t) {
  if (!current_) current_ = next();
  return !current_.has_value();
}

Dataset::Dataset(std::shared_ptr<const Pipeline> pipeline) : pipeline_(std::move(pipeline)) {}

const Pipeline& Dataset::pipeline(const char* what) const {
  if (pipeline_ == nullptr) {
    throw ValueError(fmt::format(
        "Dataset.{}: the dataset has no elements to come from; start from from_tensor_slices or "
        "from_generator",
        what));
  }
  return *pipeline_;
}

std::int64_t Dataset::cardinality() const {
  return pipeline("cardinality").examples->cardinality();
}

const detail::FileNames& Dataset::files(const char* what) const {
  const Pipeline& from = pipeline(what);
  if (from.files != nullptr) return *from.files;
  throw ValueError(
      fmt::format("Dataset.{}: the dataset was not made from a directory; use it on what "
                  "image_dataset_from_directory or text_dataset_from_directory gives",
                  what));
}

const std::vector<std::string>& Dataset::class_names() const {
  return files("class_names").class_names;
}
const std::vector<std::string>& Dataset::file_paths() const {
  return files("file_paths").file_paths;
}

Iterator Dataset::begin(std::int64_t pass, std::int64_t skipped) const {
  require_at_least(0, "Dataset.begin: pass", pass);
  require_at_least(0, "Dataset.begin: skipped", skipped);
  auto run = pipeline("begin").examples->begin(pass);
  if (skipped > 0) run->skip(skipped);
  return Iterator(pipeline_, std::move(run), skipped);
}

Dataset Dataset::map(std::function<Example(Example)> f, MapOptions options) const {
  const Pipeline& from = pipeline("map");
  require_function("Dataset.map", f);
  int threads = options.num_parallel_calls.value_or(1);
  if (threads == AUTOTUNE) threads = kernels::thread_count();
  require_at_least(1, "Dataset.map: num_parallel_calls", threads, ", or AUTOTUNE");
  threads = std::min(threads, kernels::thread_count());
  if (threads == 1) return of_examples(detail::mapped(from.examples, std::move(f)), from.files);
  return of_examples(
      detail::parallel_mapped(from.examples, std::move(f), threads, options.deterministic),
      from.files);
}

Dataset Dataset::filter(std::function<bool(const Example&)> keep) const {
  const Pipeline& from = pipeline("filter");
  require_function("Dataset.filter", keep);
  return of_examples(detail::filtered(from.examples, std::move(keep)), from.files);
}

Dataset Dataset::batch(std::int64_t size, BatchOptions options) const {
  const Pipeline& from = pipeline("batch");
  require_at_least(1, "Dataset.batch: size", size);
  if (from.rows != nullptr)
    return of_examples(detail::gathered(from.rows, from.table, size, options.drop_remainder),
                       from.files, size);
  return of_examples(detail::stacked(from.examples, size, options.drop_remainder), from.files,
                     size);
}

Dataset Dataset::shuffle(std::int64_t buffer, ShuffleOptions options) const {
  const Pipeline& from = pipeline("shuffle");
  require_at_least(1, "Dataset.shuffle: buffer", buffer);
  const std::uint64_t seed =
      options.seed ? static_cast<std::uint64_t>(*options.seed) : next_random_seed();
  return decorated(from, [&](const auto& source) {
    return detail::shuffled(source, buffer, seed, options.reshuffle_each_iteration);
  });
}

Dataset Dataset::repeat(std::int64_t times) const {
  const Pipeline& from = pipeline("repeat");
  require_at_least(-1, "Dataset.repeat: times", times, " (-1: without end)");
  return decorated(from, [&](const auto& source) { return detail::repeated(source, times); });
}

Dataset Dataset::take(std::int64_t n) const {
  const Pipeline& from = pipeline("take");
  require_at_least(-1, "Dataset.take: n", n, " (-1: all)");
  return decorated(from, [&](const auto& source) { return detail::taken(source, n); });
}

Dataset Dataset::skip(std::int64_t n) const {
  const Pipeline& from = pipeline("skip");
  require_at_least(-1, "Dataset.skip: n", n, " (-1: all)");
  return decorated(from, [&](const auto& source) { return detail::skipped(source, n); });
}

Dataset Dataset::prefetch(std::int64_t n) const {
  const Pipeline& from = pipeline("prefetch");
  if (n == AUTOTUNE) n = 2;
  require_at_least(1, "Dataset.prefetch: n", n, ", or AUTOTUNE");
  return of_examples(detail::prefetched(from.examples, n), from.files, from.batch);
}

Dataset from_tensor_slices(const Tensors& x, const Tensors& y, const Tensors& sample_weight) {
  auto table = std::make_shared<const detail::Table>(Example{x, y, sample_weight});
  return of_rows(detail::all_rows(table->rows()), table);
}

Dataset from_generator(std::function<std::optional<Example>()> next) {
  require_function("from_generator", next);
  return of_examples(detail::generated(std::move(next)));
}

}  // namespace keratin::data
