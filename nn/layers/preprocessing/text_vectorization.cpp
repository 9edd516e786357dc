#include "nn/layers/preprocessing/text_vectorization.h"

#include <algorithm>

#include "data/utf8.h"
#include "nn/layers/preprocessing/string_lookup_layer.h"
#include "nn/layers/preprocessing/text_tokens.h"

namespace keratin::layers {
namespace {

using detail::OutputMode;
using detail::StringLookupLayer;
using detail::TextTokens;

constexpr const char* kName = "TextVectorization";

class TextVectorizationLayer final : public ConfiguredLayer<TextVectorizationOptions>,
                                     public detail::Adaptable {
 public:
  explicit TextVectorizationLayer(const TextVectorizationOptions& o)
      : ConfiguredLayer(kName, o),
        tokens_(o.standardize, o.split, o.ngrams.sizes()),
        lookup_(track(StringLookup({.max_tokens = o.max_tokens,
                                    .mask_token = "",
                                    .vocabulary = o.vocabulary,
                                    .idf_weights = o.idf_weights,
                                    .output_mode = o.output_mode,
                                    .pad_to_max_tokens = o.pad_to_max_tokens,
                                    .encoding = o.encoding,
                                    .vocabulary_size = o.vocabulary_size}))) {
    set_autocast(false);
    set_works_on_cpu_only(true);
    const auto& length = o.output_sequence_length;
    if (length && mode() != OutputMode::Int) {
      throw ValueError(
          fmt::format("{}: output_sequence_length in output_mode \"{}\"; it is for \"int\"", kName,
                      o.output_mode));
    }
    if (length && *length < 1) {
      throw ValueError(
          fmt::format("{}: output_sequence_length is {}; expected at least 1", kName, *length));
    }
  }

  void fields(Fields& f) override {
    KERATIN_ASSERT(!f.reading());
    TextVectorizationOptions options(options_);
    if (lookup().lookup().has_vocabulary()) options.vocabulary_size = lookup().lookup().size();
    options.fields(f);
  }
  // Keras writes what the lookup holds twice: here and under its own name.
  std::vector<std::pair<std::string, LayerRef>> named_sublayers() const override {
    return {{"_lookup_layer", lookup_}};
  }
  Named<std::string> assets() const override { return lookup().assets(); }
  void set_assets(const Named<std::string>& assets) override { lookup().set_assets(assets); }
  Named<Tensor> named_state() const override { return lookup().named_state(); }
  void set_named_state(const Named<Tensor>& state) override { lookup().set_named_state(state); }

  StringLookupLayer& lookup() const { return static_cast<StringLookupLayer&>(*lookup_.layer()); }

  void adapt(const Tensor& data) override {
    lookup().learn([&](detail::TokenCounts<std::string>& counts) { add(counts, data, 0); });
  }
  void adapt(const Dataset& data) override {
    lookup().learn([&](detail::TokenCounts<std::string>& counts) {
      std::int64_t before = 0;
      detail::each_element(label(), data, [&](const Tensor& x) {
        add(counts, x.rank() == 0 ? x.reshaped({1}) : x, before);
        before += x.size();
      });
    });
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_count(inputs);
    const Spec& x = inputs[0];
    if (x.dtype != string) {
      throw DTypeError(fmt::format("{}: input is {}; expected strings", label(), x.text()));
    }
    const std::int64_t rank = x.shape.rank();
    if (rank == 1 || (rank == 2 && (!tokens_.splits() || x.shape[1] == 1))) return;
    throw ShapeError(
        fmt::format("{}: input is {}; expected one text a sample, [batch] or [batch, 1]{}", label(),
                    x.text(), tokens_.splits() ? "" : ", or [batch, tokens] as nothing splits"));
  }
  void build(const Shape&) override {
    if (mode() != OutputMode::Int) lookup().ensure_built({});
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    ensure_built(inputs);
    const std::int64_t batch = inputs[0].shape[0];
    if (one_each(inputs[0].shape)) return {{inputs[0].shape, int64, {}}};
    if (mode() == OutputMode::Int) {
      return {{{batch, options_.output_sequence_length.value_or(None)}, int64, {}}};
    }
    const Shape tokens{batch, None};
    const Spec encoded = lookup().output_specs({{tokens, string, {}}})[0];
    return {encoded};
  }

  Variable call(const Variable& x, CallContext) override {
    lookup().require_vocabulary();
    const Rows rows = rows_of(x.value());
    if (one_each(x.shape())) return Variable(padded(indices(rows)).reshaped(x.shape()), false);
    switch (mode()) {
      case OutputMode::Int:
        return Variable(options_.output_sequence_length ? sequences(rows) : padded(indices(rows)),
                        false);
      case OutputMode::OneHot:
        return Variable(detail::encoded(padded(indices(rows), -1), OutputMode::OneHot,
                                        lookup().lookup().depth(), int64),
                        false);
      case OutputMode::MultiHot:
      case OutputMode::Count:
      case OutputMode::TfIdf:
        break;
    }
    if (lookup().output_dtype() == int64) return Variable(bags<std::int64_t>(rows), false);
    Tensor counts = lookup().output_dtype() == float32 ? bags<float>(rows) : bags<double>(rows);
    lookup().weigh(counts);
    return Variable(counts, false);
  }

 private:
  // Texts that are tokens as they are, one a sample: an index each.
  bool one_each(const Shape& x) const {
    return mode() == OutputMode::Int && x.rank() == 1 && !tokens_.splits() &&
           options_.ngrams.sizes().empty() && !options_.output_sequence_length;
  }
  OutputMode mode() const { return lookup().lookup().rules().mode; }

  struct Rows {
    std::span<const std::string> texts;
    std::int64_t count = 0, width = 1;
    std::span<const std::string> operator[](std::int64_t i) const {
      return texts.subspan(static_cast<std::size_t>(i * width), static_cast<std::size_t>(width));
    }
  };
  static Rows rows_of(const Tensor& x) {
    return {x.strings(), x.shape()[0], x.rank() == 2 ? x.shape()[1] : 1};
  }

  void add(detail::TokenCounts<std::string>& counts, const Tensor& x, std::int64_t before) const {
    check_inputs({x.spec()});
    const Rows rows = rows_of(x);
    for (std::size_t i = 0; i < rows.texts.size(); ++i) {
      const std::size_t good = data::well_formed_utf8(rows.texts[i]);
      if (good == rows.texts[i].size()) continue;
      throw ValueError(
          fmt::format("{}: adapt: text {} is not UTF-8 at byte {}; convert the texts "
                      "to UTF-8 first",
                      label(), before + static_cast<std::int64_t>(i), good));
    }
    counts.count(rows.count, [&](std::int64_t row, std::int64_t last, auto& part) {
      TextTokens::Scratch scratch;
      for (; row < last; ++row) {
        part.begin_document();
        tokens_.each(rows[row], scratch, [&](std::string_view token) {
          part.add(token);
          return true;
        });
      }
    });
  }

  // f(row, scratch) for every row, on all threads.
  template <class F>
  static void for_rows(const Rows& rows, F&& f) {
    constexpr std::int64_t kRowsAPiece = 4;
    kernels::parallel_for(rows.count, kRowsAPiece, [&](std::int64_t first, std::int64_t last) {
      TextTokens::Scratch scratch;
      for (std::int64_t row = first; row < last; ++row) f(row, scratch);
    });
  }

  // [rows, output_sequence_length]
  Tensor sequences(const Rows& rows) const {
    const std::int64_t length = *options_.output_sequence_length;
    Tensor y = Tensor::empty({rows.count, length}, int64);
    std::int64_t* const to = y.mutable_data<std::int64_t>();
    for_rows(rows, [&](std::int64_t row, TextTokens::Scratch& scratch) {
      std::int64_t* next = to + row * length;
      std::int64_t* const end = next + length;
      tokens_.each(rows[row], scratch, [&](std::string_view token) {
        *next++ = lookup().lookup().index_of(token);
        return next != end;
      });
      std::fill(next, end, 0);
    });
    return y;
  }

  std::vector<std::vector<std::int64_t>> indices(const Rows& rows) const {
    std::vector<std::vector<std::int64_t>> all(static_cast<std::size_t>(rows.count));
    for_rows(rows, [&](std::int64_t row, TextTokens::Scratch& scratch) {
      tokens_.each(rows[row], scratch, [&](std::string_view token) {
        all[static_cast<std::size_t>(row)].push_back(lookup().lookup().index_of(token));
        return true;
      });
    });
    return all;
  }
  // [rows, longest], `padding` after the shorter ones.
  static Tensor padded(const std::vector<std::vector<std::int64_t>>& rows,
                       std::int64_t padding = 0) {
    std::size_t longest = 0;
    for (const auto& row : rows) longest = std::max(longest, row.size());
    Tensor y = full({static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(longest)},
                    static_cast<double>(padding), int64);
    std::int64_t* to = y.mutable_data<std::int64_t>();
    for (const auto& row : rows) {
      std::copy(row.begin(), row.end(), to);
      to += longest;
    }
    return y;
  }

  // [rows, depth]: which tokens there are, or how often.
  template <class T>
  Tensor bags(const Rows& rows) const {
    const std::int64_t depth = lookup().lookup().depth();
    const bool once = mode() == OutputMode::MultiHot;
    Tensor y = zeros({rows.count, depth}, dtype_of<T>);
    T* const to = y.template mutable_data<T>();
    for_rows(rows, [&](std::int64_t row, TextTokens::Scratch& scratch) {
      T* const bag = to + row * depth;
      tokens_.each(rows[row], scratch, [&](std::string_view token) {
        const std::int64_t index = lookup().lookup().index_of(token);
        if (index >= 0) bag[index] = once ? T{1} : bag[index] + 1;
        return true;
      });
    });
    return y;
  }

  TextTokens tokens_;
  StringLookup lookup_;
};

TextVectorizationLayer& layer_of(const TextVectorization& layer) {
  return static_cast<TextVectorizationLayer&>(*layer.layer());
}

}  // namespace

void TextVectorizationOptions::fields(Fields& f) {
  if (!f.reading() && (standardize.function() || split.function())) {
    throw ValueError(fmt::format(
        "save: TextVectorization: {} is a function of the program, which no file can hold; give "
        "one by name, or do its work in the pipeline's map",
        standardize.function() ? "standardize" : "split"));
  }
  f("max_tokens", max_tokens);
  f("standardize", standardize.name());
  f("split", split.name());
  f.sizes("ngrams", ngrams.sizes());
  f("output_mode", output_mode);
  f("output_sequence_length", output_sequence_length);
  f("pad_to_max_tokens", pad_to_max_tokens);
  f("vocabulary", vocabulary);
  f("idf_weights", idf_weights);
  f("encoding", encoding);
  f("vocabulary_size", vocabulary_size);
}

TextVectorization::TextVectorization(const TextVectorizationOptions& options)
    : LayerRef(std::make_shared<TextVectorizationLayer>(options)) {}

void TextVectorization::adapt(const Tensor& data) { layer_of(*this).adapt(data); }
void TextVectorization::adapt(const Dataset& data) { layer_of(*this).adapt(data); }
void TextVectorization::set_vocabulary(std::vector<std::string> vocabulary,
                                       std::vector<double> idf_weights) {
  layer_of(*this).lookup().set_vocabulary(std::move(vocabulary),
                                          detail::if_any(std::move(idf_weights)));
}
std::vector<std::string> TextVectorization::get_vocabulary(bool include_special_tokens) const {
  return layer_of(*this).lookup().lookup().vocabulary(include_special_tokens);
}
std::int64_t TextVectorization::vocabulary_size() const {
  return layer_of(*this).lookup().lookup().size();
}

}  // namespace keratin::layers
