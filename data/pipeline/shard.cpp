#include <limits>
#include <utility>

#include "data/dataset.h"
#include "data/pipeline/pipeline.h"

namespace keratin::data::detail {
namespace {

template <class T>
class Sharded : public Source<T> {
 public:
  Sharded(SourcePtr<T> source, std::int64_t shards, std::int64_t index)
      : source_(std::move(source)), shards_(shards), index_(index) {}

  PassPtr<T> begin(std::int64_t pass) const override {
    return std::make_unique<Run>(source_->begin(pass), shards_, index_);
  }
  std::int64_t cardinality() const override {
    const std::int64_t all = source_->cardinality();
    return all < 0 ? all : all / shards_ + (index_ < all % shards_ ? 1 : 0);
  }

 private:
  struct Run : Pass<T> {
    Run(PassPtr<T> source, std::int64_t shards, std::int64_t index)
        : source(std::move(source)), shards(shards), between(index) {}
    std::optional<T> next() override {
      if (between > 0) source->skip(between);
      between = shards - 1;
      return source->next();
    }
    void skip(std::int64_t n) override {
      if (n <= 0) return;
      std::int64_t count = 0;  // between + 1 + (n - 1) * shards
      if (__builtin_mul_overflow(n - 1, shards, &count) ||
          __builtin_add_overflow(count, between + 1, &count))
        count = std::numeric_limits<std::int64_t>::max();
      source->skip(count);
      between = shards - 1;
    }
    PassPtr<T> source;
    std::int64_t shards;
    std::int64_t between;  // elements of others before the next one
  };

  SourcePtr<T> source_;
  std::int64_t shards_, index_;
};

}  // namespace

template <class T>
SourcePtr<T> sharded(SourcePtr<T> source, std::int64_t shards, std::int64_t index) {
  return std::make_shared<Sharded<T>>(std::move(source), shards, index);
}
template SourcePtr<Example> sharded(SourcePtr<Example>, std::int64_t, std::int64_t);
template SourcePtr<std::int64_t> sharded(SourcePtr<std::int64_t>, std::int64_t, std::int64_t);

}  // namespace keratin::data::detail
