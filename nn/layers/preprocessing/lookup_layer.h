// What StringLookup and IntegerLookup share.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/parallel.h"
#include "nn/inspect/terminal.h"
#include "nn/layers/configured_layer.h"
#include "nn/layers/preprocessing/adapt.h"
#include "nn/layers/preprocessing/index_lookup.h"
#include "tensor/cast.h"

namespace keratin::layers::detail {

/// None where there are none.
inline std::optional<std::vector<double>> if_any(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  return values;
}
/// Throws ValueError for others than "utf-8".
void require_utf8(const char* layer, const std::string& encoding);
/// The lines of a vocabulary's file. Empty ones at its end are left out, unless the vocabulary is
/// known to be of `size` and they belong to it.
std::vector<std::string> lines_of(const std::string& text, std::optional<std::int64_t> size);
/// The text of that file. Throws ValueError for a token that is more than one line.
std::string text_of(const std::string& layer, const std::vector<std::string>& tokens);
std::string text_of(const std::string& layer, const std::vector<std::int64_t>& tokens);
/// Which of the tokens Python Keras will not read as it is, since it ends lines at other characters
/// too and leaves out empty ones at the end; -1 where there is none.
std::int64_t lost_on_keras(const std::vector<std::string>& tokens);
inline std::int64_t lost_on_keras(const std::vector<std::int64_t>&) { return -1; }
/// The tokens that the lines hold. Throws ValueError for a line that is no integer, or not UTF-8.
void tokens_of(const std::string& layer, const std::vector<std::string>& lines,
               std::vector<std::string>& tokens);
void tokens_of(const std::string& layer, const std::vector<std::string>& lines,
               std::vector<std::int64_t>& tokens);

template <class Token, class Options>
class LookupLayer final : public ConfiguredLayer<Options>, public Adaptable {
 public:
  static constexpr bool kStrings = std::is_same_v<Token, std::string>;

  LookupLayer(const char* class_name, const Options& options, LookupRules<Token> rules)
      : ConfiguredLayer<Options>(class_name, options), lookup_(std::move(rules)) {
    this->set_autocast(false);
    this->set_works_on_cpu_only(true);
    if (!options.vocabulary.empty()) {
      lookup_.set_vocabulary(options.vocabulary, if_any(options.idf_weights));
    } else if (!options.idf_weights.empty()) {
      throw ValueError(fmt::format("{}: idf_weights without a vocabulary", class_name));
    }
  }

  const IndexLookup<Token>& lookup() const { return lookup_; }

  void fields(Fields& f) override {
    KERATIN_ASSERT(!f.reading());
    Options options(this->options_);
    if (lookup_.has_vocabulary()) options.vocabulary_size = lookup_.size();
    options.fields(f);
  }
  Named<std::string> assets() const override {
    if (!this->options_.vocabulary.empty() || !lookup_.has_vocabulary()) return {};
    const std::vector<Token> tokens = lookup_.vocabulary(true);
    const std::int64_t lost = lost_on_keras(tokens);
    if (lost >= 0 && !warned_.exchange(true)) {
      keratin::detail::warn(
          "keratin: {}: Python Keras would not read token {} of the vocabulary, {}, as it is, as "
          "it ends a line or is empty at the end; keratin does\n",
          this->label(), lost, shown(tokens[static_cast<std::size_t>(lost)]));
    }
    return {{"vocabulary.txt", text_of(this->label(), tokens)}};
  }
  void set_assets(const Named<std::string>& assets) override {
    for (const auto& [name, text] : assets) {
      if (name != "vocabulary.txt") Layer::set_assets({{name, text}});
      std::vector<Token> tokens;
      tokens_of(this->label(), lines_of(text, this->options_.vocabulary_size), tokens);
      change([&](IndexLookup<Token>& lookup) { lookup.set_vocabulary_without_idf(tokens); });
    }
  }
  Named<Tensor> named_state() const override {
    if (lookup_.rules().mode != OutputMode::TfIdf) return {};
    return {{"idf_weights", lookup_.idf()}};
  }
  void set_named_state(const Named<Tensor>& state) override {
    lookup_.set_idf(state.at("idf_weights"));
  }

  void set_vocabulary(std::vector<Token> tokens, std::optional<std::vector<double>> idf) {
    change([&](IndexLookup<Token>& lookup) {
      lookup.set_vocabulary(std::move(tokens), std::move(idf));
    });
  }
  /// `count` is given counts to add to.
  template <class F>
  void learn(F&& count) {
    if (!this->options_.vocabulary.empty()) {
      throw ValueError(
          fmt::format("{}: adapt: the vocabulary was given when the layer was made; leave one out",
                      this->label()));
    }
    TokenCounts<Token> counts;
    count(counts);
    change([&](IndexLookup<Token>& lookup) { lookup.learn(counts); });
  }
  void adapt(const Tensor& data) override {
    require_tokens(data.spec());
    learn([&](TokenCounts<Token>& counts) {
      // One document each: elements of one axis, and rows of two.
      add(counts, data.rank() == 1 ? data.reshaped({data.size(), 1}) : data);
    });
  }
  void adapt(const Dataset& data) override {
    learn([&](TokenCounts<Token>& counts) {
      each_element(this->label(), data, [&](const Tensor& x) {
        require_tokens(x.spec());
        add(counts, x);
      });
    });
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    this->require_count(inputs);
    if (!lookup_.rules().invert) return require_tokens(inputs[0]);
    if (is_integer(inputs[0].dtype) || is_floating(inputs[0].dtype)) return;
    throw DTypeError(fmt::format("{}: input is {}; inverted, it takes integers", this->label(),
                                 inputs[0].text()));
  }
  void build(const Shape&) override {
    if (lookup_.rules().mode == OutputMode::Int) return;
    if (!lookup_.has_vocabulary() && !this->options_.vocabulary_size) {
      throw ValueError(fmt::format(
          "{}: has no vocabulary yet, and output_mode \"{}\" depends on its size; call adapt or "
          "set_vocabulary first",
          this->label(), name_of(lookup_.rules().mode)));
    }
    depth_ = depth();
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    this->ensure_built(inputs);
    const OutputMode mode = lookup_.rules().mode;
    return {{encoded_shape(inputs[0].shape, mode, depth()), output_dtype(), {}}};
  }
  Variable call(const Variable& x, CallContext) override {
    require_vocabulary();
    if (lookup_.rules().invert) return Variable(inverted(cast(x.value(), int64)), false);
    const Tensor indices = looked_up(x.value());
    Tensor y = encoded(indices, lookup_.rules().mode, lookup_.depth(), output_dtype());
    if (lookup_.idf().defined()) weigh(y);
    return Variable(y, false);
  }

  DType output_dtype() const {
    if (lookup_.rules().invert && kStrings) return string;
    return lookup_.rules().mode == OutputMode::TfIdf ? this->compute_dtype() : int64;
  }
  void require_vocabulary() const {
    if (lookup_.has_vocabulary()) return;
    throw ValueError(
        fmt::format("{}: has no vocabulary; call adapt or set_vocabulary before the layer is used",
                    this->label()));
  }
  /// Multiplies counts [..., depth] with the inverse document frequencies, in place.
  void weigh(Tensor& counts) const {
    if (counts.dtype() == float32) return weigh_as<float>(counts);
    weigh_as<double>(counts);
  }

 private:
  std::int64_t depth() const {
    if (lookup_.rules().mode == OutputMode::Int) return 0;
    if (lookup_.has_vocabulary() || lookup_.rules().pad_to_max_tokens) return lookup_.depth();
    return this->options_.vocabulary_size.value_or(0);
  }
  // A change of the vocabulary: on a copy, which must not differ in size from what others rely on.
  template <class F>
  void change(F&& f) {
    IndexLookup<Token> next = lookup_;
    f(next);
    if (depth_ && next.depth() != *depth_) {
      throw ValueError(fmt::format(
          "{}: the new vocabulary has {} tokens and the one before {}, a size that layers after "
          "this one were built for; adapt before the first call, or use pad_to_max_tokens",
          this->label(), next.depth(), *depth_));
    }
    lookup_ = std::move(next);
  }

  void require_tokens(const Spec& x) const {
    if (kStrings ? x.dtype == string : is_integer(x.dtype) || is_floating(x.dtype)) return;
    throw DTypeError(fmt::format("{}: input is {}; expected {}", this->label(), x.text(),
                                 kStrings ? "strings. Use IntegerLookup for integers"
                                          : "integers. Use StringLookup for strings"));
  }
  // Rows are documents; an array of one axis is one.
  void add(TokenCounts<Token>& counts, const Tensor& x) const {
    const std::int64_t rows = x.rank() < 2 ? 1 : x.shape()[0];
    const std::int64_t a_row = rows == 0 ? 0 : x.size() / rows;
    const auto add_rows = [&](const auto* tokens) {
      counts.count(rows, [&](std::int64_t row, std::int64_t last, auto& part) {
        for (; row < last; ++row) {
          if (a_row > 0) part.begin_document();
          for (std::int64_t i = row * a_row; i < (row + 1) * a_row; ++i) part.add(tokens[i]);
        }
      });
    };
    if constexpr (kStrings) {
      add_rows(x.strings().data());
    } else {
      const Tensor integers = cast(x, int64);
      add_rows(integers.template data<std::int64_t>());
    }
  }

  Tensor looked_up(const Tensor& x) const {
    Tensor y = Tensor::empty(x.shape(), int64);
    std::int64_t* to = y.mutable_data<std::int64_t>();
    const auto look_up = [&](const auto* tokens) {
      kernels::parallel_for(x.size(), 1024, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i) to[i] = lookup_.index_of(tokens[i]);
      });
    };
    if constexpr (kStrings) {
      look_up(x.strings().data());
    } else {
      const Tensor integers = cast(x, int64);
      look_up(integers.template data<std::int64_t>());
    }
    return y;
  }
  Tensor inverted(const Tensor& indices) const {
    Tensor y = Tensor::empty(indices.shape(), output_dtype());
    const std::int64_t* index = indices.data<std::int64_t>();
    for (std::int64_t i = 0; i < indices.size(); ++i) {
      const Token& token = lookup_.token_at(index[i]);
      if constexpr (kStrings) {
        y.mutable_strings()[static_cast<std::size_t>(i)] = token;
      } else {
        y.template mutable_data<std::int64_t>()[i] = token;
      }
    }
    return y;
  }
  template <class T>
  void weigh_as(Tensor& counts) const {
    const Tensor idf = cast(lookup_.idf(), counts.dtype());
    const T* weight = idf.template data<T>();
    T* to = counts.mutable_data<T>();
    const std::int64_t depth = idf.size();
    for (std::int64_t i = 0; i < counts.size(); ++i) to[i] *= weight[i % depth];
  }

  IndexLookup<Token> lookup_;
  mutable std::atomic<bool> warned_ = false;
  std::optional<std::int64_t> depth_;  // set where something was built for it
};

}  // namespace keratin::layers::detail
