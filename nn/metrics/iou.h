// How much predicted and true areas of a class overlap: true positives over the union,
//   tp / (true + predicted - tp),  averaged over classes that occur.
// Targets and predictions are class numbers of any shape, or (sparse_... = false) scores along
// `axis`, of which the largest counts. Throws ValueError for a class number out of range that is not
// ignore_class (Keras leaves it out in silence), ShapeError. Weights, one an element, count as they
// are (Keras cuts them to whole numbers). Masks are not read, as in Keras.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "nn/metric.h"

namespace keratin::metrics {

struct IoUOptions {
  std::int64_t num_classes = 0;            // required
  std::vector<int> target_class_ids = {};  // required: the mean is over these
  std::string name = {};
  DTypePolicy dtype = {};
  std::optional<std::int64_t> ignore_class = {};  // elements whose target it is do not count
  bool sparse_y_true = true;
  bool sparse_y_pred = true;
  int axis = -1;

  void fields(Fields& f) {
    f("name", name);
    f("num_classes", num_classes);
    f("target_class_ids", target_class_ids);
    f("ignore_class", ignore_class);
    f("sparse_y_true", sparse_y_true);
    f("sparse_y_pred", sparse_y_pred);
    f("axis", axis);
  }
};
/// Of some classes.
class IoU : public MetricRef {
 public:
  explicit IoU(const IoUOptions& options);
};

struct BinaryIoUOptions {
  std::vector<int> target_class_ids = {0, 1};
  double threshold = 0.5;
  std::string name = {};
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("target_class_ids", target_class_ids);
    f("threshold", threshold);
  }
};
/// Of two classes: y_pred >= threshold is class 1.
class BinaryIoU : public MetricRef {
 public:
  explicit BinaryIoU(const BinaryIoUOptions& options = {});
};

struct MeanIoUOptions {
  std::int64_t num_classes = 0;  // required
  std::string name = {};
  DTypePolicy dtype = {};
  std::optional<std::int64_t> ignore_class = {};
  bool sparse_y_true = true;
  bool sparse_y_pred = true;
  int axis = -1;

  void fields(Fields& f) {
    f("name", name);
    f("num_classes", num_classes);
    f("ignore_class", ignore_class);
    f("sparse_y_true", sparse_y_true);
    f("sparse_y_pred", sparse_y_pred);
    f("axis", axis);
  }
};
/// Of all classes.
class MeanIoU : public MetricRef {
 public:
  explicit MeanIoU(const MeanIoUOptions& options);
};

struct OneHotIoUOptions {
  std::int64_t num_classes = 0;            // required
  std::vector<int> target_class_ids = {};  // required
  std::string name = {};
  DTypePolicy dtype = {};
  std::optional<std::int64_t> ignore_class = {};
  bool sparse_y_pred = false;
  int axis = -1;

  void fields(Fields& f) {
    f("name", name);
    f("num_classes", num_classes);
    f("target_class_ids", target_class_ids);
    f("ignore_class", ignore_class);
    f("sparse_y_pred", sparse_y_pred);
    f("axis", axis);
  }
};
/// IoU for one-hot targets, and scores.
class OneHotIoU : public MetricRef {
 public:
  explicit OneHotIoU(const OneHotIoUOptions& options);
};

struct OneHotMeanIoUOptions {
  std::int64_t num_classes = 0;  // required
  std::string name = {};
  DTypePolicy dtype = {};
  std::optional<std::int64_t> ignore_class = {};
  bool sparse_y_pred = false;
  int axis = -1;

  void fields(Fields& f) {
    f("name", name);
    f("num_classes", num_classes);
    f("ignore_class", ignore_class);
    f("sparse_y_pred", sparse_y_pred);
    f("axis", axis);
  }
};
/// MeanIoU for one-hot targets, and scores.
class OneHotMeanIoU : public MetricRef {
 public:
  explicit OneHotMeanIoU(const OneHotMeanIoUOptions& options);
};

}  // namespace keratin::metrics
