#include <utility>

#include "data/dataset.h"
#include "data/pipeline/pipeline.h"

namespace keratin::data::detail {
namespace {

class Mapped : public Source<Example> {
 public:
  Mapped(SourcePtr<Example> source, std::function<Example(Example)> f)
      : source_(std::move(source)), f_(std::move(f)) {}
  PassPtr<Example> begin(std::int64_t pass) const override {
    return std::make_unique<Run>(source_->begin(pass), f_);
  }
  std::int64_t cardinality() const override { return source_->cardinality(); }

 private:
  struct Run : Pass<Example> {
    Run(PassPtr<Example> source, std::function<Example(Example)> f)
        : source(std::move(source)), f(std::move(f)) {}
    std::optional<Example> next() override {
      std::optional<Example> example = source->next();
      if (example) example = f(std::move(*example));
      return example;
    }
    PassPtr<Example> source;
    std::function<Example(Example)> f;
  };

  SourcePtr<Example> source_;
  std::function<Example(Example)> f_;
};

class Filtered : public Source<Example> {
 public:
  Filtered(SourcePtr<Example> source, std::function<bool(const Example&)> keep)
      : source_(std::move(source)), keep_(std::move(keep)) {}
  PassPtr<Example> begin(std::int64_t pass) const override {
    return std::make_unique<Run>(source_->begin(pass), keep_);
  }
  std::int64_t cardinality() const override { return source_->cardinality() == 0 ? 0 : kUnknown; }

 private:
  struct Run : Pass<Example> {
    Run(PassPtr<Example> source, std::function<bool(const Example&)> keep)
        : source(std::move(source)), keep(std::move(keep)) {}
    std::optional<Example> next() override {
      std::optional<Example> example = source->next();
      while (example && !keep(*example)) example = source->next();
      return example;
    }
    PassPtr<Example> source;
    std::function<bool(const Example&)> keep;
  };

  SourcePtr<Example> source_;
  std::function<bool(const Example&)> keep_;
};

}  // namespace

SourcePtr<Example> mapped(SourcePtr<Example> source, std::function<Example(Example)> f) {
  return std::make_shared<Mapped>(std::move(source), std::move(f));
}
SourcePtr<Example> filtered(SourcePtr<Example> source, std::function<bool(const Example&)> keep) {
  return std::make_shared<Filtered>(std::move(source), std::move(keep));
}

}  // namespace keratin::data::detail
