// What preview finds out about the samples of a dataset.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace keratin::detail {

/// One tensor of the samples: x, y, "image" of x ...
struct SurveyColumn {
  std::string name = {};
  std::string part = {};  // "x", "y", "sample_weight"
  DType dtype = float32;
  Shape shape = {};  // of a sample; None along axes where samples differ
  bool same_rank = true;
  double least = std::numeric_limits<double>::infinity(), most = -least;  // of finite numbers
  double sum = 0;
  std::int64_t numbers = 0, nans = 0, infinities = 0;
  std::int64_t shortest = -1, longest = 0;  // of strings: bytes; -1: there are none
  std::vector<Tensor> first = {};           // samples
  // Of y, where a sample is one number, one text or one-hot:
  bool is_label = true, one_hot = true;
  std::vector<double> labels = {};
  std::vector<std::string> texts = {};

  bool is_image() const;
  bool has_range() const { return least <= most; }
  double mean() const { return sum / static_cast<double>(numbers - nans - infinities); }
  /// Do its labels stand for classes? Whole numbers, texts or one-hot, not too many of them.
  bool has_classes() const;
  /// How often each class comes.
  std::map<double, std::int64_t> counts() const;
  std::map<std::string, std::int64_t> text_counts() const;
};

struct Survey {
  std::int64_t cardinality = 0, elements = 0, samples = 0;
  bool batched = false, whole = false;  // is nothing left?
  std::vector<SurveyColumn> columns = {};
};

/// Reads the first `samples` samples of pass 0, and keeps the first `kept`.
Survey survey(const Dataset& dataset, std::int64_t samples, std::int64_t kept,
              std::optional<bool> batched);

/// Sentences about what is surely or probably a mistake.
std::vector<std::string> warnings_of(const Survey& survey);

}  // namespace keratin::detail
