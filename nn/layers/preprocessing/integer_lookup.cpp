#include "nn/layers/preprocessing/integer_lookup.h"

#include "nn/layers/preprocessing/hash.h"
#include "nn/layers/preprocessing/lookup_layer.h"

namespace keratin::layers {
namespace {

using IntegerLookupLayer = detail::LookupLayer<std::int64_t, IntegerLookupOptions>;

IntegerLookupLayer& layer_of(const IntegerLookup& lookup) {
  return static_cast<IntegerLookupLayer&>(*lookup.layer());
}

std::shared_ptr<Layer> made(const IntegerLookupOptions& o) {
  constexpr const char* kName = "IntegerLookup";
  using enum detail::OutputMode;
  if (o.oov_method != "floormod" && o.oov_method != "farmhash") {
    throw ValueError(fmt::format("{}: oov_method is \"{}\"; expected floormod or farmhash", kName,
                                 o.oov_method));
  }
  const bool hashed = o.oov_method == "farmhash";
  if (!o.salt.empty() && !hashed) {
    throw ValueError(
        fmt::format("{}: salt with oov_method \"floormod\"; it is for \"farmhash\"", kName));
  }
  return std::make_shared<IntegerLookupLayer>(
      kName, o,
      detail::LookupRules<std::int64_t>{
          .layer = kName,
          .max_tokens = o.max_tokens,
          .num_oov_indices = o.num_oov_indices,
          .mask_token = o.mask_token,
          .oov_token = o.oov_token,
          .invert = o.invert,
          .mode =
              detail::output_mode_of(kName, o.output_mode, {Int, OneHot, MultiHot, Count, TfIdf}),
          .pad_to_max_tokens = o.pad_to_max_tokens,
          .hashed_oov = hashed,
          .salt = detail::salt_of(kName, o.salt)});
}

}  // namespace

void IntegerLookupOptions::fields(Fields& f) {
  f("max_tokens", max_tokens);
  f("num_oov_indices", num_oov_indices);
  f("mask_token", mask_token);
  f("oov_token", oov_token);
  f("vocabulary", vocabulary);
  f("idf_weights", idf_weights);
  f("invert", invert);
  f("output_mode", output_mode);
  f("pad_to_max_tokens", pad_to_max_tokens);
  // Not known to Keras before 3.14.
  if (f.reading() || oov_method != "floormod") f("oov_method", oov_method);
  detail::salt_field(f, salt, false);
  f("vocabulary_size", vocabulary_size);
  std::string dtype = "int64";
  f("vocabulary_dtype", dtype);
  if (dtype != "int64") {
    throw ValueError(
        fmt::format("IntegerLookup: vocabulary_dtype is \"{}\"; expected int64", dtype));
  }
}

IntegerLookup::IntegerLookup(const IntegerLookupOptions& options) : LayerRef(made(options)) {}

void IntegerLookup::adapt(const Tensor& data) { layer_of(*this).adapt(data); }
void IntegerLookup::adapt(const Dataset& data) { layer_of(*this).adapt(data); }
void IntegerLookup::set_vocabulary(std::vector<std::int64_t> vocabulary,
                                   std::vector<double> idf_weights) {
  layer_of(*this).set_vocabulary(std::move(vocabulary), detail::if_any(std::move(idf_weights)));
}
std::vector<std::int64_t> IntegerLookup::get_vocabulary(bool include_special_tokens) const {
  return layer_of(*this).lookup().vocabulary(include_special_tokens);
}
std::int64_t IntegerLookup::vocabulary_size() const { return layer_of(*this).lookup().size(); }

}  // namespace keratin::layers
