#include <fmt/format.h>

#include <type_traits>
#include <utility>

#include "data/dataset.h"
#include "data/pipeline/pipeline.h"
#include "data/pipeline/structure.h"

namespace keratin::data::detail {
namespace {

// One element of each: dtypes and structure must be the same, shapes need not.
void require_alike(const Example& first, const Example& second) {
  for (const PartOfExample& part : kParts) {
    const Tensors &a = first.*part.tensors, &b = second.*part.tensors;
    if (!same_structure(a, b)) {
      throw ValueError(fmt::format(
          "Dataset.concatenate: the datasets differ in structure: {} of the first is {}, of the "
          "second is {}; they must be alike",
          part.name, structure(a), structure(b)));
    }
    for (std::int64_t i = 0; i < a.count(); ++i) {
      if (a.get(i).dtype() != b.get(i).dtype()) {
        throw DTypeError(fmt::format(
            "Dataset.concatenate: the datasets differ in dtype: {} is {} in the first "
            "and {} in the second; they must be alike. Cast one in map before.",
            tensor_name(part.name, a, i), a.get(i).spec().text(), b.get(i).spec().text()));
      }
    }
  }
}

template <class T>
class Concatenated : public Source<T> {
 public:
  Concatenated(SourcePtr<T> first, SourcePtr<T> second)
      : first_(std::move(first)), second_(std::move(second)) {}

  PassPtr<T> begin(std::int64_t pass) const override { return std::make_unique<Run>(*this, pass); }
  std::int64_t cardinality() const override {
    const std::int64_t a = first_->cardinality(), b = second_->cardinality();
    if (a == kInfinite || b == kInfinite) return kInfinite;
    std::int64_t all = 0;
    if (a < 0 || b < 0) return kUnknown;
    return __builtin_add_overflow(a, b, &all) ? kInfinite : all;
  }

 private:
  struct Run : Pass<T> {
    Run(const Concatenated& source, std::int64_t pass)
        : source(source), pass(pass), current(source.first_->begin(pass)) {}
    std::optional<T> next() override {
      std::optional<T> element = current->next();
      if (in_second) return element;
      if (element) {
        ++taken;
        if constexpr (std::is_same_v<T, Example>)
          if (taken == 1) first = element;
        return element;
      }
      go_on();
      element = current->next();
      if constexpr (std::is_same_v<T, Example>)
        if (first && element) require_alike(*first, *element);
      first.reset();
      return element;
    }
    void skip(std::int64_t n) override {
      const std::int64_t left = source.first_->cardinality() - taken;
      if (in_second) {
        current->skip(n);
      } else if (source.first_->cardinality() == kInfinite || (left >= 0 && n <= left)) {
        current->skip(n);
        taken += n;
      } else if (left >= 0) {
        go_on();
        current->skip(n - left);
      } else {  // only asking tells where the first ends
        Pass<T>::skip(n);
      }
    }
    void go_on() {
      current = source.second_->begin(pass);
      in_second = true;
    }
    const Concatenated& source;
    std::int64_t pass;
    PassPtr<T> current;
    bool in_second = false;
    std::int64_t taken = 0;  // of the first dataset
    std::optional<T> first;  // element, to compare one of the second dataset with
  };

  SourcePtr<T> first_, second_;
};

}  // namespace

template <class T>
SourcePtr<T> concatenated(SourcePtr<T> first, SourcePtr<T> second) {
  return std::make_shared<Concatenated<T>>(std::move(first), std::move(second));
}
template SourcePtr<Example> concatenated(SourcePtr<Example>, SourcePtr<Example>);
template SourcePtr<std::int64_t> concatenated(SourcePtr<std::int64_t>, SourcePtr<std::int64_t>);

}  // namespace keratin::data::detail
