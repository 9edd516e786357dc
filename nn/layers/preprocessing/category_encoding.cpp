#include "nn/layers/preprocessing/category_encoding.h"

#include "nn/layers/configured_layer.h"
#include "nn/layers/preprocessing/encoding.h"

namespace keratin::layers {
namespace {

using detail::OutputMode;

class CategoryEncodingLayer final : public ConfiguredLayer<CategoryEncodingOptions> {
 public:
  explicit CategoryEncodingLayer(const CategoryEncodingOptions& o)
      : ConfiguredLayer("CategoryEncoding", o),
        mode_(
            detail::output_mode_of("CategoryEncoding", o.output_mode,
                                   {OutputMode::OneHot, OutputMode::MultiHot, OutputMode::Count})) {
    set_works_on_cpu_only(true);
    if (o.num_tokens < 1) {
      throw ValueError(
          fmt::format("CategoryEncoding: num_tokens is {}; expected at least 1", o.num_tokens));
    }
    set_autocast(false);
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    if (inputs.size() != 2 || mode_ != OutputMode::Count) require_count(inputs);
    for (const Spec& input : inputs) {
      if (is_integer(input.dtype) || is_floating(input.dtype)) continue;
      throw DTypeError(fmt::format("{}: input is {}; expected category numbers{}", label(),
                                   input.text(),
                                   input.dtype == string ? ". Use StringLookup for strings" : ""));
    }
    if (inputs.size() == 2 && inputs[1].shape != inputs[0].shape) {
      throw ShapeError(fmt::format("{}: the weights are {} for input {}; expected one each",
                                   label(), inputs[1].text(), inputs[0].text()));
    }
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {
        {detail::encoded_shape(inputs[0].shape, mode_, options_.num_tokens), compute_dtype(), {}}};
  }
  Variables call_several(const Variables& x, CallContext) override {
    const Tensor numbers = cast(x.get(0).value(), int64);
    const std::int64_t* number = numbers.data<std::int64_t>();
    for (std::int64_t i = 0; i < numbers.size(); ++i) {
      if (number[i] >= 0 && number[i] < options_.num_tokens) continue;
      throw ValueError(fmt::format(
          "{}: category {} at element {} of {} is out of range; expected 0 "
          "to {}",
          label(), number[i], i, x.get(0).value().spec().text(), options_.num_tokens - 1));
    }
    const Tensor weights = x.count() == 2 ? cast(x.get(1).value(), compute_dtype()) : Tensor();
    return Variable(detail::encoded(numbers, mode_, options_.num_tokens, compute_dtype(), weights),
                    false);
  }

 private:
  OutputMode mode_;
};

}  // namespace

CategoryEncoding::CategoryEncoding(const CategoryEncodingOptions& options)
    : LayerRef(std::make_shared<CategoryEncodingLayer>(options)) {}

}  // namespace keratin::layers
