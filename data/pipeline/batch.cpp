// Batches of single examples. Rows of a table are gathered instead: slices.cpp.
#include <utility>
#include <vector>

#include "data/pipeline/pipeline.h"
#include "data/pipeline/structure.h"

namespace keratin::data::detail {
namespace {

class Stacked : public Source<Example> {
 public:
  Stacked(SourcePtr<Example> source, std::int64_t size, bool drop_remainder)
      : source_(std::move(source)), size_(size), drop_remainder_(drop_remainder) {}
  PassPtr<Example> begin(std::int64_t pass) const override {
    return std::make_unique<Run>(source_->begin(pass), size_, drop_remainder_);
  }
  std::int64_t cardinality() const override {
    return batch_count(source_->cardinality(), size_, drop_remainder_);
  }

 private:
  struct Run : Pass<Example> {
    Run(PassPtr<Example> source, std::int64_t size, bool drop_remainder)
        : source(std::move(source)), size(size), drop_remainder(drop_remainder) {}
    std::optional<Example> next() override {
      std::vector<Example> batch;
      while (static_cast<std::int64_t>(batch.size()) < size) {
        std::optional<Example> element = source->next();
        if (!element) {
          if (batch.empty() || drop_remainder) return {};
          break;
        }
        batch.push_back(std::move(*element));
      }
      return stack("Dataset.batch", batch);
    }
    void skip(std::int64_t n) override { source->skip(element_count(n, size)); }
    PassPtr<Example> source;
    std::int64_t size;
    bool drop_remainder;
  };

  SourcePtr<Example> source_;
  std::int64_t size_;
  bool drop_remainder_;
};

}  // namespace

SourcePtr<Example> stacked(SourcePtr<Example> source, std::int64_t size, bool drop_remainder) {
  return std::make_shared<Stacked>(std::move(source), size, drop_remainder);
}

}  // namespace keratin::data::detail
