#include "nn/layers/preprocessing/string_lookup.h"

#include "nn/layers/preprocessing/hash.h"
#include "nn/layers/preprocessing/string_lookup_layer.h"

namespace keratin::layers {
namespace {

detail::StringLookupLayer& layer_of(const StringLookup& lookup) {
  return static_cast<detail::StringLookupLayer&>(*lookup.layer());
}

std::shared_ptr<Layer> made(const StringLookupOptions& o) {
  constexpr const char* kName = "StringLookup";
  using enum detail::OutputMode;
  detail::require_utf8(kName, o.encoding);
  return std::make_shared<detail::StringLookupLayer>(
      kName, o,
      detail::LookupRules<std::string>{
          .layer = kName,
          .max_tokens = o.max_tokens,
          .num_oov_indices = o.num_oov_indices,
          .mask_token = o.mask_token,
          .oov_token = o.oov_token.empty() ? std::nullopt : std::optional(o.oov_token),
          .invert = o.invert,
          .mode =
              detail::output_mode_of(kName, o.output_mode, {Int, OneHot, MultiHot, Count, TfIdf}),
          .pad_to_max_tokens = o.pad_to_max_tokens,
          .salt = detail::salt_of(kName, o.salt)});
}

}  // namespace

void StringLookupOptions::fields(Fields& f) {
  f("max_tokens", max_tokens);
  f("num_oov_indices", num_oov_indices);
  f("mask_token", mask_token);
  f("oov_token", oov_token);
  f("vocabulary", vocabulary);
  f("idf_weights", idf_weights);
  f("invert", invert);
  f("output_mode", output_mode);
  f("pad_to_max_tokens", pad_to_max_tokens);
  f("encoding", encoding);
  detail::salt_field(f, salt, false);  // not known to Keras before 3.14
  f("vocabulary_size", vocabulary_size);
  f.ignore("oov_method");  // strings are always hashed
}

StringLookup::StringLookup(const StringLookupOptions& options) : LayerRef(made(options)) {}

void StringLookup::adapt(const Tensor& data) { layer_of(*this).adapt(data); }
void StringLookup::adapt(const Dataset& data) { layer_of(*this).adapt(data); }
void StringLookup::set_vocabulary(std::vector<std::string> vocabulary,
                                  std::vector<double> idf_weights) {
  layer_of(*this).set_vocabulary(std::move(vocabulary), detail::if_any(std::move(idf_weights)));
}
std::vector<std::string> StringLookup::get_vocabulary(bool include_special_tokens) const {
  return layer_of(*this).lookup().vocabulary(include_special_tokens);
}
std::int64_t StringLookup::vocabulary_size() const { return layer_of(*this).lookup().size(); }

}  // namespace keratin::layers
