#include <algorithm>
#include <utility>

#include "data/dataset.h"
#include "data/pipeline/pipeline.h"

namespace keratin::data::detail {
namespace {

template <class T>
class Taken : public Source<T> {
 public:
  Taken(SourcePtr<T> source, std::int64_t n) : source_(std::move(source)), n_(n) {}

  PassPtr<T> begin(std::int64_t pass) const override {
    return std::make_unique<Run>(source_->begin(pass), n_);
  }
  std::int64_t cardinality() const override {
    const std::int64_t all = source_->cardinality();
    if (n_ < 0 || all == 0) return all;
    if (n_ == 0 || all == kInfinite) return n_;
    return all == kUnknown ? kUnknown : std::min(all, n_);
  }

 private:
  struct Run : Pass<T> {
    Run(PassPtr<T> source, std::int64_t n) : source(std::move(source)), left(n) {}
    std::optional<T> next() override {
      if (left == 0) return {};
      if (left > 0) --left;
      return source->next();
    }
    void skip(std::int64_t n) override {
      if (left >= 0) n = std::min(n, left), left -= n;
      source->skip(n);
    }
    PassPtr<T> source;
    std::int64_t left;  // negative: all
  };

  SourcePtr<T> source_;
  std::int64_t n_;
};

template <class T>
class Skipped : public Source<T> {
 public:
  Skipped(SourcePtr<T> source, std::int64_t n) : source_(std::move(source)), n_(n) {}

  PassPtr<T> begin(std::int64_t pass) const override {
    return std::make_unique<Run>(source_->begin(pass), n_);
  }
  std::int64_t cardinality() const override {
    const std::int64_t all = source_->cardinality();
    if (n_ < 0) return 0;
    return all < 0 ? all : std::max<std::int64_t>(all - n_, 0);
  }

 private:
  struct Run : Pass<T> {
    Run(PassPtr<T> source, std::int64_t n) : source(std::move(source)), n(n) {}
    std::optional<T> next() override {
      if (n < 0) return {};
      if (n > 0) source->skip(std::exchange(n, 0));
      return source->next();
    }
    PassPtr<T> source;
    std::int64_t n;  // to be skipped yet; negative: all
  };

  SourcePtr<T> source_;
  std::int64_t n_;
};

}  // namespace

template <class T>
SourcePtr<T> taken(SourcePtr<T> source, std::int64_t n) {
  return std::make_shared<Taken<T>>(std::move(source), n);
}
template SourcePtr<Example> taken(SourcePtr<Example>, std::int64_t);
template SourcePtr<std::int64_t> taken(SourcePtr<std::int64_t>, std::int64_t);

template <class T>
SourcePtr<T> skipped(SourcePtr<T> source, std::int64_t n) {
  return std::make_shared<Skipped<T>>(std::move(source), n);
}
template SourcePtr<Example> skipped(SourcePtr<Example>, std::int64_t);
template SourcePtr<std::int64_t> skipped(SourcePtr<std::int64_t>, std::int64_t);

}  // namespace keratin::data::detail
