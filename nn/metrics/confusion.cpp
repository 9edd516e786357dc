#include "nn/metrics/confusion.h"

#include <fmt/format.h>

#include <algorithm>

#include "nn/metrics/counted_later.h"
#include "nn/metrics/state.h"
#include "nn/metrics/thresholds.h"

namespace keratin::metrics {
namespace {

// Gathers the four counts at each threshold; those that are not asked for have no variable.
class CountsMetric : public CountedLater {
 public:
  struct Wanted {
    bool tp = false, fp = false, tn = false, fn = false;
  };

  CountsMetric(std::string name, Thresholds thresholds, Wanted wanted, std::optional<int> top_k,
               std::optional<int> class_id)
      : CountedLater(std::move(name)),
        thresholds_(std::move(thresholds)),
        top_k_(top_k),
        class_id_(class_id) {
    const auto sums = [&](bool wanted_too, const char* variable) {
      return wanted_too ? Sums(add_variable(
                              {.shape = {thresholds_.count()}, .dtype = float64, .name = variable}))
                        : Sums();
    };
    tp_ = sums(wanted.tp, "true_positives");
    fp_ = sums(wanted.fp, "false_positives");
    tn_ = sums(wanted.tn, "true_negatives");
    fn_ = sums(wanted.fn, "false_negatives");
    if (top_k && *top_k < 1) {
      throw ValueError(fmt::format("{}: top_k is {}; expected at least 1", this->name(), *top_k));
    }
  }

  void count(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) override {
    const auto data = [](Sums& sums) { return sums.defined() ? sums.data() : nullptr; };
    thresholds_.add({.metric = name(),
                     .y_true = y_true,
                     .y_pred = y_pred,
                     .sample_weight = sample_weight,
                     .top_k = top_k_,
                     .class_id = class_id_},
                    {data(tp_), data(fp_), data(tn_), data(fn_)});
  }

 protected:
  std::int64_t size() const { return thresholds_.count(); }
  // first / (first + second), at each threshold.
  std::vector<double> shares(const Sums& first, const Sums& second) const {
    std::vector<double> all;
    for (std::int64_t i = 0; i < size(); ++i) {
      all.push_back(ratio(first[i], first[i] + second[i]));
    }
    return all;
  }

  Sums tp_, fp_, tn_, fn_;

 private:
  Thresholds thresholds_;
  std::optional<int> top_k_, class_id_;
};

// One of the counts itself.
class OneCount final : public CountsMetric {
 public:
  OneCount(const char* class_name, const CountOptions& o, Wanted wanted)
      : CountsMetric(name_or_unique(o.name, class_name), Thresholds(class_name, o.thresholds, 0.5),
                     wanted, {}, {}) {}
  Tensor counted() const override {
    for (const Sums* sums : {&tp_, &fp_, &tn_, &fn_}) {
      if (sums->defined()) return result_of({sums->data(), sums->data() + sums->size()});
    }
    return {};
  }
};

MetricRef one_count(const char* class_name, const CountOptions& o, CountsMetric::Wanted wanted) {
  return MetricRef(std::make_shared<OneCount>(class_name, o, wanted));
}

class Share final : public CountsMetric {
 public:
  enum class Of { said, so };
  Share(const char* class_name, const PrecisionOptions& o, Of of)
      : CountsMetric(name_or_unique(o.name, class_name),
                     Thresholds(class_name, o.thresholds, o.top_k ? -1e10 : 0.5),
                     {.tp = true, .fp = of == Of::said, .fn = of == Of::so}, o.top_k, o.class_id) {}
  Tensor counted() const override { return result_of(shares(tp_, fp_.defined() ? fp_ : fn_)); }
  std::string direction() const override { return "up"; }
};

enum class Rate { precision, recall, specificity };

// The best of one rate where another is at least so much.
class BestUnderBound final : public CountsMetric {
 public:
  BestUnderBound(const char* class_name, const char* option, double bound,
                 std::int64_t num_thresholds, std::optional<int> class_id, const std::string& name,
                 Rate bounded, Rate wanted)
      : CountsMetric(name_or_unique(name, class_name), thresholds(class_name, num_thresholds),
                     {true, true, true, true}, {}, class_id),
        bound_(bound),
        bounded_(bounded),
        wanted_(wanted) {
    if (!(bound >= 0 && bound <= 1)) {
      throw ValueError(fmt::format("{}: {} is {}; expected 0 to 1", class_name, option, bound));
    }
  }
  Tensor counted() const override {
    const std::vector<double> bounded = rates(bounded_), wanted = rates(wanted_);
    double best = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (bounded[i] >= bound_) best = std::max(best, wanted[i]);
    }
    return Tensor::scalar(best);
  }
  std::string direction() const override { return "up"; }

 private:
  static Thresholds thresholds(const char* class_name, std::int64_t count) {
    if (count < 1) {
      throw ValueError(
          fmt::format("{}: num_thresholds is {}; expected at least 1", class_name, count));
    }
    return count == 1 ? Thresholds(class_name, {}, 0.5) : Thresholds::evenly(count, false);
  }
  std::vector<double> rates(Rate rate) const {
    switch (rate) {
      case Rate::precision:
        return shares(tp_, fp_);
      case Rate::recall:
        return shares(tp_, fn_);
      case Rate::specificity:
        break;
    }
    return shares(tn_, fp_);
  }

  double bound_;
  Rate bounded_, wanted_;
};

template <class Options>
MetricRef best(const char* class_name, const char* option, double bound, const Options& o,
               Rate bounded, Rate wanted) {
  return MetricRef(std::make_shared<BestUnderBound>(class_name, option, bound, o.num_thresholds,
                                                    o.class_id, o.name, bounded, wanted));
}

}  // namespace

TruePositives::TruePositives(const CountOptions& o)
    : MetricRef(one_count("TruePositives", o, {.tp = true})) {
  set_origin("TruePositives", o);
}
FalsePositives::FalsePositives(const CountOptions& o)
    : MetricRef(one_count("FalsePositives", o, {.fp = true})) {
  set_origin("FalsePositives", o);
}
TrueNegatives::TrueNegatives(const CountOptions& o)
    : MetricRef(one_count("TrueNegatives", o, {.tn = true})) {
  set_origin("TrueNegatives", o);
}
FalseNegatives::FalseNegatives(const CountOptions& o)
    : MetricRef(one_count("FalseNegatives", o, {.fn = true})) {
  set_origin("FalseNegatives", o);
}

Precision::Precision(const PrecisionOptions& o)
    : MetricRef(std::make_shared<Share>("Precision", o, Share::Of::said)) {
  set_origin("Precision", o);
}
Recall::Recall(const PrecisionOptions& o)
    : MetricRef(std::make_shared<Share>("Recall", o, Share::Of::so)) {
  set_origin("Recall", o);
}

SensitivityAtSpecificity::SensitivityAtSpecificity(const SensitivityAtSpecificityOptions& o)
    : MetricRef(best("SensitivityAtSpecificity", "specificity", o.specificity, o, Rate::specificity,
                     Rate::recall)) {
  set_origin("SensitivityAtSpecificity", o);
}
SpecificityAtSensitivity::SpecificityAtSensitivity(const SpecificityAtSensitivityOptions& o)
    : MetricRef(best("SpecificityAtSensitivity", "sensitivity", o.sensitivity, o, Rate::recall,
                     Rate::specificity)) {
  set_origin("SpecificityAtSensitivity", o);
}
PrecisionAtRecall::PrecisionAtRecall(const PrecisionAtRecallOptions& o)
    : MetricRef(best("PrecisionAtRecall", "recall", o.recall, o, Rate::recall, Rate::precision)) {
  set_origin("PrecisionAtRecall", o);
}
RecallAtPrecision::RecallAtPrecision(const RecallAtPrecisionOptions& o)
    : MetricRef(
          best("RecallAtPrecision", "precision", o.precision, o, Rate::precision, Rate::recall)) {
  set_origin("RecallAtPrecision", o);
}

}  // namespace keratin::metrics
