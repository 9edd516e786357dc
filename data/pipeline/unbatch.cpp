#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "data/dataset.h"
#include "data/pipeline/pipeline.h"
#include "data/pipeline/structure.h"

namespace keratin::data::detail {
namespace {

// The first size that all tensors of an element have.
std::int64_t rows_of(const Example& batch) {
  std::int64_t rows = -1;
  for_each_tensor(batch, [&](const Tensor& tensor) {
    if (!tensor.defined()) {
      throw ValueError(fmt::format("Dataset.unbatch: a tensor has no value, it was never set: {}",
                                   listing(batch)));
    }
    if (tensor.rank() == 0) {
      throw ShapeError(fmt::format(
          "Dataset.unbatch: a tensor has no axis to slice: {}; expected batches", listing(batch)));
    }
    if (rows < 0) rows = tensor.shape()[0];
    if (tensor.shape()[0] != rows) {
      throw ShapeError(fmt::format(
          "Dataset.unbatch: tensors of a batch differ in rows: {}; the first sizes must be equal",
          listing(batch)));
    }
  });
  if (rows < 0) throw ValueError("Dataset.unbatch: an element has no tensors; expected batches");
  return rows;
}

class Unbatched : public Source<Example> {
 public:
  explicit Unbatched(SourcePtr<Example> source) : source_(std::move(source)) {}
  PassPtr<Example> begin(std::int64_t pass) const override {
    return std::make_unique<Run>(source_->begin(pass));
  }
  std::int64_t cardinality() const override {
    const std::int64_t batches = source_->cardinality();
    return batches == 0 || batches == kInfinite ? batches : kUnknown;
  }

 private:
  struct Run : Pass<Example> {
    explicit Run(PassPtr<Example> source) : source(std::move(source)) {}
    std::optional<Example> next() override {
      if (!fill()) return {};
      const std::int64_t i = row++;
      // Copies: a row that somebody keeps must not keep its batch.
      const auto slice = [i](const Tensor& x) { return x[i].copy(); };
      return Example{batch.x.map(slice), batch.y.map(slice), batch.sample_weight.map(slice)};
    }
    void skip(std::int64_t n) override {
      while (n > 0 && fill()) {
        const std::int64_t some = std::min(n, rows - row);
        row += some;
        n -= some;
      }
    }
    bool fill() {  // is there a row?
      while (row == rows) {
        std::optional<Example> next = source->next();
        if (!next) return false;
        rows = rows_of(*next);
        batch = std::move(*next);
        row = 0;
      }
      return true;
    }
    PassPtr<Example> source;
    Example batch;
    std::int64_t row = 0, rows = 0;
  };

  SourcePtr<Example> source_;
};

}  // namespace

SourcePtr<Example> unbatched(SourcePtr<Example> source) {
  return std::make_shared<Unbatched>(std::move(source));
}

}  // namespace keratin::data::detail
