#include "nn/metrics/auc.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/ops/sigmoid.h"
#include "nn/metrics/counted_later.h"
#include "nn/metrics/state.h"
#include "nn/metrics/thresholds.h"
#include "tensor/cast.h"
#include "tensor/named.h"

namespace keratin::metrics {
namespace {

// The counts of one label at all thresholds, from the lowest to the highest.
struct Curve {
  std::vector<double> tp, fp, tn, fn;
};
using Points = std::vector<double>;

Points shares(const Points& first, const Points& second) {
  Points all(first.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = ratio(first[i], first[i] + second[i]);
  return all;
}

// PR by the formula of Davis and Goadrich: between two thresholds tp and fp change together, with a
// slope, so that precision is no straight line.
double interpolated_pr(const Curve& c) {
  double area = 0;
  for (std::size_t i = 0; i + 1 < c.tp.size(); ++i) {
    const double dtp = c.tp[i] - c.tp[i + 1];
    const double p = c.tp[i] + c.fp[i], next = c.tp[i + 1] + c.fp[i + 1];
    const double slope = ratio(dtp, std::max(p - next, 0.0));
    const double intercept = c.tp[i + 1] - slope * next;
    const double growth = p > 0 && next > 0 ? p / next : 1;
    area += ratio(slope * (dtp + intercept * std::log(growth)),
                  std::max(c.tp[i + 1] + c.fn[i + 1], 0.0));
  }
  return area;
}

void precision_gains(const Curve& c, Points& x, Points& y) {
  for (std::size_t i = 0; i < c.tp.size(); ++i) {
    const double odds = ratio(c.tp[i] + c.fn[i], c.tn[i] + c.fp[i]);
    const bool none = c.tp[i] == 0;
    x.push_back(none ? 0 : std::max(1 - odds * ratio(c.fn[i], c.tp[i]), 0.0));
    y.push_back(none ? 1 : 1 - odds * ratio(c.fp[i], c.tp[i]));
  }
}

class AucMetric final : public CountedLater {
 public:
  explicit AucMetric(const AUCOptions& options)
      : CountedLater(name_or_unique(options.name, "AUC")),
        options_(options),
        thresholds_(thresholds_of(options)) {
    require_known("curve", options.curve, {"ROC", "PR", "PRGAIN"});
    require_known("summation_method", options.summation_method,
                  {"interpolation", "minoring", "majoring"});
    if (options.num_labels && (!options.multi_label || *options.num_labels < 1)) {
      throw ValueError("AUC: num_labels goes with multi_label, and is at least 1");
    }
    if (!options.multi_label) make_sums(1);
    if (options.num_labels) make_sums(*options.num_labels);
  }

  void count(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) override {
    if (options_.multi_label) {
      if (y_pred.rank() != 2) {
        throw ShapeError(fmt::format("{}: predictions are {}; expected [batch, labels]", name(),
                                     y_pred.spec().text()));
      }
      if (!tp_.defined()) make_sums(y_pred.shape()[1]);
      const auto weights = std::ssize(options_.label_weights);
      if (y_pred.shape()[1] != labels_ || (weights > 0 && weights != labels_)) {
        throw ShapeError(
            fmt::format("{}: predictions are {}, with {} labels before, {} "
                        "label_weights; expected as many labels",
                        name(), y_pred.spec().text(), labels_, weights));
      }
    }
    thresholds_.add(
        {.metric = name(),
         .y_true = y_true,
         .y_pred = options_.from_logits ? sigmoid(cast(y_pred, float32)) : y_pred,
         .sample_weight = sample_weight,
         .labels = labels_,
         .label_weights = options_.multi_label ? std::vector<double>() : options_.label_weights},
        {tp_.data(), fp_.data(), tn_.data(), fn_.data()});
  }

  Tensor counted() const override {
    if (!tp_.defined()) return Tensor::scalar(0);
    const bool weighted = options_.multi_label && !options_.label_weights.empty();
    double sum = 0, weights = 0;
    for (std::int64_t label = 0; label < labels_; ++label) {
      const double weight =
          weighted ? options_.label_weights[static_cast<std::size_t>(label)] : 1.0;
      sum += area(label) * weight;
      weights += weight;
    }
    return Tensor::scalar(ratio(sum, weights));
  }

  std::string direction() const override { return "up"; }

 private:
  static Thresholds thresholds_of(const AUCOptions& o) {
    if (!o.thresholds.empty()) return Thresholds::around("AUC", o.thresholds);
    if (o.num_thresholds < 2) {
      throw ValueError(
          fmt::format("AUC: num_thresholds is {}; expected at least 2", o.num_thresholds));
    }
    return Thresholds::evenly(o.num_thresholds, true);
  }
  static void require_known(const char* option, const std::string& value,
                            const std::vector<std::string>& known) {
    if (std::find(known.begin(), known.end(), value) != known.end()) return;
    throw ValueError(
        fmt::format("AUC: unknown {} \"{}\"{}", option, value, name_hint(value, known)));
  }

  void make_sums(std::int64_t labels) {
    labels_ = labels;
    const auto sums = [&](const char* variable) {
      const Shape shape =
          options_.multi_label ? Shape{thresholds_.count(), labels} : Shape{thresholds_.count()};
      return Sums(add_variable({.shape = shape, .dtype = float64, .name = variable}));
    };
    tp_ = sums("true_positives");
    fp_ = sums("false_positives");
    tn_ = sums("true_negatives");
    fn_ = sums("false_negatives");
  }

  double area(std::int64_t label) const {
    Curve c;
    for (std::int64_t t = 0; t < thresholds_.count(); ++t) {
      const std::int64_t at = t * labels_ + label;
      c.tp.push_back(tp_[at]);
      c.fp.push_back(fp_[at]);
      c.tn.push_back(tn_[at]);
      c.fn.push_back(fn_[at]);
    }
    const bool interpolate = options_.summation_method == "interpolation";
    if (options_.curve == "PR" && interpolate) return interpolated_pr(c);
    Points x, y;
    if (options_.curve == "ROC") {
      x = shares(c.fp, c.tn);
      y = shares(c.tp, c.fn);
    } else if (options_.curve == "PR") {
      x = shares(c.tp, c.fn);
      y = shares(c.tp, c.fp);
    } else {
      precision_gains(c, x, y);
    }
    double sum = 0;
    for (std::size_t i = 0; i + 1 < x.size(); ++i) {
      const double low = std::min(y[i], y[i + 1]), high = std::max(y[i], y[i + 1]);
      const double height = interpolate                               ? (low + high) / 2
                            : options_.summation_method == "minoring" ? low
                                                                      : high;
      sum += (x[i] - x[i + 1]) * height;
    }
    return sum;
  }

  AUCOptions options_;
  Thresholds thresholds_;
  std::int64_t labels_ = 1;
  Sums tp_, fp_, tn_, fn_;
};

}  // namespace

AUC::AUC(const AUCOptions& options) : MetricRef(std::make_shared<AucMetric>(options)) {
  set_origin("AUC", options);
}

}  // namespace keratin::metrics
