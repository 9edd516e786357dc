#include "nn/layers/merge.h"

#include "autograd/ops/add.h"
#include "autograd/ops/maximum.h"
#include "autograd/ops/minimum.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/subtract.h"
#include "autograd/ops/where.h"
#include "nn/layers/configured_layer.h"
#include "nn/mask.h"
#include "tensor/compare.h"

namespace keratin::layers {
namespace {

std::string shapes_text(const std::vector<Spec>& inputs) {
  std::string text;
  for (const Spec& input : inputs) text += (text.empty() ? "" : ", ") + input.text();
  return text;
}

// [batch, ...] with axes of size 1 after the batch, up to `rank` axes.
Shape widened(const Shape& shape, std::int64_t rank) {
  Shape wide = shape.slice(0, 1);
  for (std::int64_t axis = shape.rank(); axis < rank; ++axis) wide.push_back(1);
  return wide.joined(shape.slice(1, shape.rank()));
}

class MergeLayer final : public ConfiguredLayer<MergeOptions> {
 public:
  using Pairwise = Variable (*)(const Variable& a, const Variable& b);
  struct Rule {
    const char* name;
    std::size_t at_least, at_most;  // inputs
    Pairwise combine;
    bool divide_by_count = false;
    // What stands in for steps that a mask does not count: nothing (they are computed like others),
    // 1, or what the other inputs have there.
    enum class Masked { as_they_are, as_one, as_others } masked = Masked::as_they_are;
  };

  MergeLayer(const Rule& rule, const MergeOptions& options)
      : ConfiguredLayer(rule.name, options), rule_(rule) {
    set_supports_masking(true);
  }

  void check_inputs(const std::vector<Spec>& inputs) const override { merged(inputs); }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {{merged(inputs), compute_dtype(), {}}};
  }

  keratin::detail::FusedPart fused_part() const override {
    return std::string_view(rule_.name) == "Add" ? keratin::detail::FusedPart::add
                                                 : keratin::detail::FusedPart::none;
  }

  // A step counts where it counts in any input; all count where one input has no mask.
  std::vector<Tensor> compute_mask(const Variables&, const std::vector<Tensor>& masks) override {
    Tensor either;
    std::int64_t rank = 0;
    for (const Tensor& mask : masks) {
      if (!mask.defined()) return {};
      rank = std::max(rank, mask.rank());
    }
    for (const Tensor& mask : masks) {
      Shape wide = mask.shape();
      while (wide.rank() < rank) wide.push_back(1);
      either = either.defined() ? logical_or(either, mask.reshaped(wide)) : mask.reshaped(wide);
    }
    return {either};
  }

  Variables call_several(const Variables& inputs, CallContext) override {
    std::int64_t rank = 0;
    bool masked = false;
    for (const auto& [name, x] : inputs.entries()) {
      rank = std::max(rank, x.rank());
      masked |= mask_of(x).defined();
    }
    if (masked && rule_.masked == Rule::Masked::as_one) return masked_product(inputs, rank);
    if (masked && rule_.masked == Rule::Masked::as_others) return masked_choice(inputs, rank);
    Variable y;
    for (const auto& [name, x] : inputs.entries()) {
      const Variable wide = as_floating(reshape(x, widened(x.shape(), rank)));
      y = y.defined() ? rule_.combine(y, wide) : wide;
    }
    if (!rule_.divide_by_count) return y;
    return y * (1 / static_cast<double>(inputs.count()));
  }

 private:
  // The mask of an input, of as many axes as the widened input; 1 where it says nothing.
  static Tensor wide_mask(const Variable& x, std::int64_t rank) {
    const Tensor mask = mask_of(x);
    if (!mask.defined()) return {};
    Shape shape = mask.shape();
    while (shape.rank() < x.rank()) shape.push_back(1);
    return mask.reshaped(widened(shape, rank));
  }

  // Steps that do not count are factors of 1; where all inputs have a mask and none counts, the
  // product is 0.
  Variables masked_product(const Variables& inputs, std::int64_t rank) const {
    Variable y;
    Tensor counts;
    bool all_masked = true;
    for (const auto& [name, x] : inputs.entries()) {
      Variable wide = as_floating(reshape(x, widened(x.shape(), rank)));
      const Tensor mask = wide_mask(x, rank);
      all_masked &= mask.defined();
      if (mask.defined()) {
        wide = where(mask, wide, 1.0);
        counts = counts.defined() ? logical_or(counts, mask) : mask;
      }
      y = y.defined() ? rule_.combine(y, wide) : wide;
    }
    return all_masked ? where(counts, y, 0.0) : y;
  }

  // Where one input's step does not count, the other's is taken.
  Variables masked_choice(const Variables& inputs, std::int64_t rank) const {
    Variable y;
    Tensor counts;  // of y; not defined(): all
    for (const auto& [name, input] : inputs.entries()) {
      Variable x = as_floating(reshape(input, widened(input.shape(), rank)));
      const Tensor mask = wide_mask(input, rank);
      if (!y.defined()) {
        y = x;
        counts = mask;
        continue;
      }
      if (mask.defined()) x = where(mask, x, y);
      if (counts.defined()) y = where(counts, y, x);
      counts = mask.defined() && counts.defined() ? logical_or(counts, mask) : Tensor();
      y = rule_.combine(y, x);
    }
    return y;
  }

  Shape merged(const std::vector<Spec>& inputs) const {
    if (inputs.size() < rule_.at_least || inputs.size() > rule_.at_most) {
      throw ValueError(fmt::format("{}: called with {} inputs; expected {}{}", label(),
                                   inputs.size(), rule_.at_least,
                                   rule_.at_most == rule_.at_least ? "" : " or more"));
    }
    std::int64_t rank = 0;
    for (const Spec& input : inputs) rank = std::max(rank, input.shape.rank());
    Shape all;
    for (const Spec& input : inputs) {
      if (input.shape.rank() < 1) refuse(inputs);
      const Shape wide = widened(input.shape, rank);
      if (all.rank() == 0) {
        all = wide;
        continue;
      }
      for (std::int64_t axis = 0; axis < rank; ++axis) {
        const std::int64_t a = all[axis], b = wide[axis];
        if (a == b) continue;
        if (a == None || b == None) {
          all = all.with(axis, axis > 0 && a == 1 ? b : axis > 0 && b == 1 ? a : None);
        } else if (axis > 0 && (a == 1 || b == 1)) {
          all = all.with(axis, a == 1 ? b : a);
        } else {
          refuse(inputs);
        }
      }
    }
    return all;
  }
  [[noreturn]] void refuse(const std::vector<Spec>& inputs) const {
    throw ShapeError(fmt::format(
        "{}: inputs are {}; expected the same shapes, or sizes of 1 in axes other than the batch",
        label(), shapes_text(inputs)));
  }

  Rule rule_;
};

constexpr std::size_t kAny = static_cast<std::size_t>(-1);
constexpr auto kAsOne = MergeLayer::Rule::Masked::as_one;
constexpr auto kAsOthers = MergeLayer::Rule::Masked::as_others;

std::shared_ptr<Layer> merge(const MergeLayer::Rule& rule, const MergeOptions& options) {
  return std::make_shared<MergeLayer>(rule, options);
}

}  // namespace

Add::Add(const MergeOptions& options) : LayerRef(merge({"Add", 1, kAny, keratin::add}, options)) {}
Subtract::Subtract(const MergeOptions& options)
    : LayerRef(merge({"Subtract", 2, 2, keratin::subtract}, options)) {}
Multiply::Multiply(const MergeOptions& options)
    : LayerRef(merge({"Multiply", 1, kAny, keratin::multiply, false, kAsOne}, options)) {}
Average::Average(const MergeOptions& options)
    : LayerRef(merge({"Average", 1, kAny, keratin::add, true}, options)) {}
Maximum::Maximum(const MergeOptions& options)
    : LayerRef(merge({"Maximum", 1, kAny, keratin::maximum, false, kAsOthers}, options)) {}
Minimum::Minimum(const MergeOptions& options)
    : LayerRef(merge({"Minimum", 1, kAny, keratin::minimum, false, kAsOthers}, options)) {}

}  // namespace keratin::layers
