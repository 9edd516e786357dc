#include "nn/layers/preprocessing/hashing.h"

#include "kernels/parallel.h"
#include "nn/layers/configured_layer.h"
#include "nn/layers/preprocessing/encoding.h"
#include "nn/layers/preprocessing/hash.h"

namespace keratin::layers {
namespace {

using detail::OutputMode;

void require_bins(const char* layer, std::int64_t bins) {
  if (bins >= 1) return;
  throw ValueError(fmt::format("{}: num_bins is {}; expected at least 1", layer, bins));
}

class HashingLayer final : public ConfiguredLayer<HashingOptions> {
 public:
  explicit HashingLayer(const HashingOptions& o)
      : ConfiguredLayer("Hashing", o),
        mode_(detail::output_mode_of(
            "Hashing", o.output_mode,
            {OutputMode::Int, OutputMode::OneHot, OutputMode::MultiHot, OutputMode::Count})),
        salt_(detail::salt_of("Hashing", o.salt)) {
    set_works_on_cpu_only(true);
    require_bins("Hashing", o.num_bins);
    set_autocast(false);
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_count(inputs);
    const DType dtype = inputs[0].dtype;
    if (dtype == boolean) {
      throw DTypeError(
          fmt::format("{}: input is {}; expected strings or numbers", label(), inputs[0].text()));
    }
    const MaskValue& mask = options_.mask_value;
    if (!mask.given() || mask.text().has_value() == (dtype == string)) return;
    throw DTypeError(fmt::format("{}: input is {}, but mask_value is a {}", label(),
                                 inputs[0].text(), mask.text() ? "string" : "number"));
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {{detail::encoded_shape(inputs[0].shape, mode_, options_.num_bins), output_dtype(), {}}};
  }
  Variable call(const Variable& x, CallContext) override {
    return Variable(detail::encoded(bins_of(x.value()), mode_, options_.num_bins, output_dtype()),
                    false);
  }

 private:
  DType output_dtype() const { return mode_ == OutputMode::Int ? int64 : compute_dtype(); }

  std::int64_t bin_of(std::string_view text, std::int64_t bins) const {
    const std::uint64_t hash =
        salt_ ? detail::siphash24(text, *salt_) : detail::fingerprint64(text);
    return static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(bins));
  }
  Tensor bins_of(const Tensor& x) const {
    const MaskValue& mask = options_.mask_value;
    const std::int64_t first = mask.given() && options_.num_bins > 1 ? 1 : 0;
    const std::int64_t bins = options_.num_bins - first;
    Tensor y = Tensor::empty(x.shape(), int64);
    std::int64_t* const to = y.mutable_data<std::int64_t>();
    const Tensor numbers = x.dtype() == string ? Tensor() : cast(x, int64);
    kernels::parallel_for(x.size(), 1024, [&](std::int64_t from, std::int64_t until) {
      for (std::int64_t i = from; i < until; ++i) {
        if (x.dtype() == string) {
          const std::string& text = x.strings()[static_cast<std::size_t>(i)];
          to[i] = first == 1 && text == *mask.text() ? 0 : first + bin_of(text, bins);
        } else {
          const std::int64_t number = numbers.data<std::int64_t>()[i];
          const bool masked = first == 1 && number == *mask.number();
          to[i] = masked ? 0 : first + bin_of(std::to_string(number), bins);
        }
      }
    });
    return y;
  }

  OutputMode mode_;
  std::optional<std::array<std::uint64_t, 2>> salt_;
};

class HashedCrossingLayer final : public ConfiguredLayer<HashedCrossingOptions> {
 public:
  explicit HashedCrossingLayer(const HashedCrossingOptions& o)
      : ConfiguredLayer("HashedCrossing", o),
        mode_(detail::output_mode_of("HashedCrossing", o.output_mode,
                                     {OutputMode::Int, OutputMode::OneHot})) {
    set_works_on_cpu_only(true);
    require_bins("HashedCrossing", o.num_bins);
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    if (inputs.size() < 2) {
      throw ValueError(
          fmt::format("{}: called with {} inputs; expected two or more", label(), inputs.size()));
    }
    for (const Spec& input : inputs) {
      if (input.dtype != string && !is_integer(input.dtype)) {
        throw DTypeError(
            fmt::format("{}: input is {}; expected strings or integers. Use "
                        "Discretization for other numbers",
                        label(), input.text()));
      }
      const std::int64_t rank = input.shape.rank();
      if (input.shape == inputs[0].shape && (rank == 1 || (rank == 2 && input.shape[1] == 1))) {
        continue;
      }
      throw ShapeError(
          fmt::format("{}: inputs are {} and {}; expected all [batch] or all [batch, 1]", label(),
                      inputs[0].text(), input.text()));
    }
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {{detail::encoded_shape(inputs[0].shape, mode_, options_.num_bins), output_dtype(), {}}};
  }
  Variables call_several(const Variables& x, CallContext) override {
    constexpr std::uint64_t kSeed = 0xDECAFCAFFE;  // of tf.sparse.cross_hashed
    const std::int64_t size = x.get(0).size();
    std::vector<std::uint64_t> hashes(static_cast<std::size_t>(size), kSeed);
    for (const auto& [name, input] : x.entries()) {
      const Tensor& values = input.value();
      const Tensor numbers = values.dtype() == string ? Tensor() : cast(values, int64);
      for (std::size_t i = 0; i < hashes.size(); ++i) {
        const std::uint64_t own = numbers.defined()
                                      ? static_cast<std::uint64_t>(numbers.data<std::int64_t>()[i])
                                      : detail::fingerprint64(values.strings()[i]);
        hashes[i] = detail::joined_fingerprint(hashes[i], own);
      }
    }
    Tensor bins = Tensor::empty(x.get(0).shape(), int64);
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      bins.mutable_data<std::int64_t>()[i] =
          static_cast<std::int64_t>(hashes[i] % static_cast<std::uint64_t>(options_.num_bins));
    }
    return Variable(detail::encoded(bins, mode_, options_.num_bins, output_dtype()), false);
  }

 private:
  DType output_dtype() const { return mode_ == OutputMode::Int ? int64 : compute_dtype(); }

  OutputMode mode_;
};

// Keras keeps the type of the results in dtype: whole numbers for indices.
void write_dtype(Fields& f, const std::string& output_mode) {
  if (f.reading() || output_mode != "int") return;
  std::string dtype = "int64";
  f("dtype", dtype);
}

}  // namespace

void MaskValue::fields(Fields& f) { f.text_or_number("mask_value", text_, number_); }

void HashingOptions::fields(Fields& f) {
  f("num_bins", num_bins);
  mask_value.fields(f);
  detail::salt_field(f, salt, true);
  f("output_mode", output_mode);
  write_dtype(f, output_mode);
}
void HashedCrossingOptions::fields(Fields& f) {
  f("num_bins", num_bins);
  f("output_mode", output_mode);
  write_dtype(f, output_mode);
}

Hashing::Hashing(const HashingOptions& options)
    : LayerRef(std::make_shared<HashingLayer>(options)) {}
HashedCrossing::HashedCrossing(const HashedCrossingOptions& options)
    : LayerRef(std::make_shared<HashedCrossingLayer>(options)) {}

}  // namespace keratin::layers
