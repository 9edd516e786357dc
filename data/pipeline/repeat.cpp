#include <utility>

#include "data/dataset.h"
#include "data/pipeline/pipeline.h"

namespace keratin::data::detail {
namespace {

template <class T>
class Repeated : public Source<T> {
 public:
  Repeated(SourcePtr<T> source, std::int64_t times) : source_(std::move(source)), times_(times) {}

  PassPtr<T> begin(std::int64_t pass) const override { return std::make_unique<Run>(*this, pass); }
  std::int64_t cardinality() const override {
    const std::int64_t one = source_->cardinality();
    if (one == 0 || times_ == 0) return 0;
    if (times_ < 0) return kInfinite;
    std::int64_t all = 0;
    if (one > 0 && __builtin_mul_overflow(one, times_, &all)) return kInfinite;
    return one < 0 ? one : all;
  }

 private:
  // Repetition r of pass p is pass p * times + r of the source: no two are alike. Without end, the
  // upper half of the number is p.
  std::int64_t inner_pass(std::int64_t pass, std::int64_t repetition) const {
    const auto p = static_cast<std::uint64_t>(pass), r = static_cast<std::uint64_t>(repetition);
    return static_cast<std::int64_t>(
        (times_ < 0 ? p << 32 : p * static_cast<std::uint64_t>(times_)) + r);
  }

  struct Run : Pass<T> {
    Run(const Repeated& source, std::int64_t pass) : source(source), pass(pass) {}
    std::optional<T> next() override {
      while (inner != nullptr || source.times_ < 0 || repetition < source.times_) {
        if (inner == nullptr) {
          if (dry && (source.times_ < 0 || source.source_->cardinality() == 0)) return {};
          inner = source.source_->begin(source.inner_pass(pass, repetition++));
          dry = true;  // until it gives something: nothing, repeated without end, must not hang
        }
        if (std::optional<T> element = inner->next()) {
          dry = false;
          return element;
        }
        inner = nullptr;
      }
      return {};
    }
    const Repeated& source;
    std::int64_t pass, repetition = 0;
    PassPtr<T> inner;
    bool dry = false;
  };

  SourcePtr<T> source_;
  std::int64_t times_;
};

}  // namespace

template <class T>
SourcePtr<T> repeated(SourcePtr<T> source, std::int64_t times) {
  return std::make_shared<Repeated<T>>(std::move(source), times);
}
template SourcePtr<Example> repeated(SourcePtr<Example>, std::int64_t);
template SourcePtr<std::int64_t> repeated(SourcePtr<std::int64_t>, std::int64_t);

}  // namespace keratin::data::detail
