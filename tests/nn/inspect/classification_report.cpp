#include "nn/inspect/classification_report.h"

#include <doctest/doctest.h>

#include <string>

#include "kernels/error.h"

namespace keratin::tests {
namespace {

const Tensor kTrue = Tensor::numbers({0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 4}, Shape::unset(), int64);
const Tensor kSaid = Tensor::numbers({0, 0, 1, 2, 1, 2, 2, 2, 2, 0, 1, 2}, Shape::unset(), int64);

void check(const ClassScores& scores, double precision, double recall, double f1,
           std::int64_t support) {
  CHECK(scores.precision == doctest::Approx(precision).epsilon(1e-12));
  CHECK(scores.recall == doctest::Approx(recall).epsilon(1e-12));
  CHECK(scores.f1 == doctest::Approx(f1).epsilon(1e-12));
  CHECK(scores.support == support);
}

TEST_CASE("classification_report: the scores of scikit-learn") {  // 1.9, zero_division=0
  const ClassificationReport report = classification_report(kTrue, kSaid);
  REQUIRE(report.classes.size() == 5);
  check(report.classes[0], 0.6666666666666666, 0.5, 0.5714285714285714, 4);
  check(report.classes[1], 0.3333333333333333, 0.5, 0.4, 2);
  check(report.classes[2], 0.5, 0.6, 0.5454545454545454, 5);
  check(report.classes[3], 0, 0, 0, 0);  // nowhere: scikit-learn does not list it
  check(report.classes[4], 0, 0, 0, 1);
  check(report.macro_average, 0.375, 0.4, 0.37922077922077924, 12);
  check(report.weighted_average, 0.4861111111111111, 0.5, 0.48441558441558435, 12);
  CHECK(report.accuracy == 0.5);
}

TEST_CASE("classification_report: as text") {
  const std::string text = classification_report_text(
      classification_report(kTrue, kSaid),
      {.class_names = {"cat", "dog", "Füchsin", "rare", "owl"}, .digits = 2});
  CHECK(text ==
        "                  precision     recall         f1    support\n"
        "             cat       0.67       0.50       0.57          4\n"
        "             dog       0.33       0.50       0.40          2\n"
        "         Füchsin       0.50       0.60       0.55          5\n"
        "            rare       0.00       0.00       0.00          0\n"
        "             owl       0.00       0.00       0.00          1\n"
        "\n"
        "        accuracy                             0.50         12\n"
        "   macro average       0.38       0.40       0.38         12\n"
        "weighted average       0.49       0.50       0.48         12\n");
}

TEST_CASE("classification_report refuses what has no report") {
  const Tensor none = Tensor::numbers({}, Shape::unset(), int64);
  CHECK_THROWS_WITH_AS(classification_report(none, none, 3),
                       "classification_report: no samples; expected one at least", ValueError);
  const ClassificationReport report = classification_report(kTrue, kSaid);
  CHECK_THROWS_WITH_AS(
      classification_report_text(report, {.class_names = {"a"}}),
      "classification_report_text: 1 class_names for 5 classes; expected one a class", ValueError);
  CHECK_THROWS_AS(classification_report_text(report, {.digits = 10}), ValueError);
}

}  // namespace
}  // namespace keratin::tests
