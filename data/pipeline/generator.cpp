#include <utility>

#include "data/dataset.h"
#include "data/pipeline/pipeline.h"

namespace keratin::data::detail {
namespace {

using Next = std::function<std::optional<Example>()>;

class Generated : public Source<Example> {
 public:
  explicit Generated(Next next) : next_(std::move(next)) {}
  PassPtr<Example> begin(std::int64_t) const override { return std::make_unique<Run>(next_); }
  std::int64_t cardinality() const override { return kUnknown; }

 private:
  struct Run : Pass<Example> {
    explicit Run(const Next& next) : make(next) {}
    std::optional<Example> next() override {
      if (make == nullptr) return {};
      std::optional<Example> example = make();
      if (!example) make = nullptr;
      return example;
    }
    Next make;  // this pass's own copy; null at the end
  };

  Next next_;
};

}  // namespace

SourcePtr<Example> generated(Next next) { return std::make_shared<Generated>(std::move(next)); }

}  // namespace keratin::data::detail
