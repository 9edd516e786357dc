#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "data/dataset.h"
#include "data/pipeline/pipeline.h"
#include "data/pipeline/structure.h"

namespace keratin::data::detail {
namespace {

class Zipped : public Source<Example> {
 public:
  explicit Zipped(ZipParts parts) : parts_(std::move(parts)) {}

  PassPtr<Example> begin(std::int64_t pass) const override {
    return std::make_unique<Run>(parts_, pass);
  }
  std::int64_t cardinality() const override {
    std::int64_t least = kInfinite;
    for (const ZipPart& part : parts_) {
      for (const auto& source : part.sources) {
        const std::int64_t n = source->cardinality();
        if (n == kUnknown) return kUnknown;
        if (n != kInfinite && (least == kInfinite || n < least)) least = n;
      }
    }
    return least;
  }

 private:
  struct Run : Pass<Example> {
    Run(const ZipParts& parts, std::int64_t pass) : parts(parts) {
      for (std::size_t p = 0; p < parts.size(); ++p)
        for (const auto& source : parts[p].sources) passes[p].push_back(source->begin(pass));
    }
    std::optional<Example> next() override {
      if (over) return {};
      Example zipped;
      for (std::size_t p = 0; p < parts.size(); ++p) {
        std::vector<Tensors> given;
        for (const auto& source : passes[p]) {
          std::optional<Example> element = source->next();
          if (!element) {
            over = true;
            return {};
          }
          if (element->x.none() || !element->y.none() || !element->sample_weight.none()) {
            throw ValueError(fmt::format(
                "zip: a dataset that is to be {} gives elements of {}; expected x alone. Choose "
                "one by map before: example.y = {{}}.",
                kParts[p].name, listing(*element)));
          }
          given.push_back(std::move(element->x));
        }
        if (!given.empty()) zipped.*kParts[p].tensors = joined(parts[p], kParts[p].name, given);
      }
      return zipped;
    }
    void skip(std::int64_t n) override {
      for (const auto& part : passes)
        for (const auto& source : part) source->skip(n);
    }

    // One dataset's x as it is; of several by name or in a list, one tensor after the other.
    static Tensors joined(const ZipPart& part, const char* name, std::vector<Tensors>& given) {
      if (part.single) return std::move(given[0]);
      if (part.named) {
        Named<Tensor> dict;
        for (std::size_t i = 0; i < given.size(); ++i) {
          if (given[i].count() != 1) {
            throw ValueError(fmt::format(
                "zip: the dataset that is to be {} \"{}\" gives elements of {} tensors; expected "
                "one",
                name, part.names[i], given[i].count()));
          }
          dict[part.names[i]] = given[i].get(0);
        }
        return dict;
      }
      std::vector<Tensor> list;
      for (const Tensors& tensors : given)
        for (std::int64_t i = 0; i < tensors.count(); ++i) list.push_back(tensors.get(i));
      return list;
    }

    const ZipParts& parts;
    std::array<std::vector<PassPtr<Example>>, 3> passes;
    bool over = false;
  };

  ZipParts parts_;
};

}  // namespace

SourcePtr<Example> zipped(ZipParts parts) { return std::make_shared<Zipped>(std::move(parts)); }

}  // namespace keratin::data::detail
