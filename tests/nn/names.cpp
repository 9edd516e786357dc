#include "nn/names.h"

#include "nn/activations.h"
#include "nn/constraints.h"
#include "nn/initializers.h"
#include "nn/loss.h"
#include "nn/metric.h"
#include "nn/optimizer.h"
#include "nn/options.h"
#include "nn/regularizers.h"
#include "tensor/named.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

TEST_CASE("names: snake_case of class names, as Keras has them") {
  const std::pair<const char*, const char*> rows[] = {
      {"Dense", "dense"},
      {"Conv2D", "conv2d"},
      {"MaxPooling2D", "max_pooling2d"},
      {"Conv2DTranspose", "conv2d_transpose"},
      {"GlobalAveragePooling2D", "global_average_pooling2d"},
      {"ReLU", "re_lu"},
      {"LeakyReLU", "leaky_re_lu"},
      {"PReLU", "p_re_lu"},
      {"ELU", "elu"},
      {"LSTM", "lstm"},
      {"AUC", "auc"},
      {"MeanIoU", "mean_io_u"},
      {"F1Score", "f1_score"},
      {"InputLayer", "input_layer"},
      {"RMSprop", "rm_sprop"},
      {"BatchNormalization", "batch_normalization"},
      {"ZeroPadding2D", "zero_padding2d"},
      {"already_snake", "already_snake"},
      {"My::Layer<int>", "my_layerint"},
      {"a", "a"},
      {"", ""},
  };
  for (const auto& [class_name, expected] : rows) {
    CAPTURE(class_name);
    CHECK(snake_case(class_name) == expected);
  }
}

TEST_CASE("names: unique names count from the bare one, apart for each base") {
  clear_session();
  CHECK(unique_name("dense") == "dense");
  CHECK(unique_name("conv2d") == "conv2d");
  CHECK(unique_name("dense") == "dense_1");
  CHECK(unique_name("dense") == "dense_2");
  clear_session();
  CHECK(unique_name("dense") == "dense");
}

TEST_CASE("names: the nearest known name is offered where it is near enough to be meant") {
  const std::vector<std::string> known{"adam", "adamw", "rmsprop", "sgd"};
  const std::pair<std::string, std::string> rows[] = {
      {"adamm", "adam"},
      {"Adamw", "adamw"},
      {"rmsprob", "rmsprop"},
      {"rms_prop", "rmsprop"},
      {"sdg", "sgd"},
      {"lbfgs", ""},
      {"sg", ""},
      {"", ""},
      {"ADAM", "adam"},
      {"rmspropagation", ""},
      {"adagrad", ""},
  };
  for (const auto& [typed, expected] : rows) {
    CAPTURE(typed);
    CHECK(nearest_name(typed, known) == expected);
  }
  CHECK(name_hint("adamm", known) == "; did you mean \"adam\"?; known: adam, adamw, rmsprop, sgd");
  CHECK(name_hint("lbfgs", known) == "; known: adam, adamw, rmsprop, sgd");
  CHECK(name_hint("x", {}) == "; there are none");
}

TEST_CASE("names: every string that may name an object says what it does not know") {
  const auto message = [](auto&& make) -> std::string {
    try {
      make();
    } catch (const ValueError& error) {
      return error.what();
    }
    return "no ValueError";
  };
  struct Row {
    std::string text, error;
  };
  const Row rows[] = {
      {"optimizer: unknown name \"adamm\"; did you mean \"adam\"?",
       message([] { OptimizerRef("adamm"); })},
      {"activation: unknown name \"rellu\"; did you mean \"relu\"?",
       message([] { Activation("rellu"); })},
      {"activation: unknown name \"Relu \"; did you mean \"relu\"?",
       message([] { Activation("Relu "); })},
      {"initializer: unknown name \"he_norml\"; did you mean \"he_normal\"?",
       message([] { Initializer("he_norml"); })},
      {"loss: unknown name \"sparse_categorical_crossentropi\"; did you mean "
       "\"sparse_categorical_crossentropy\"?",
       message([] { LossRef("sparse_categorical_crossentropi"); })},
      {"metric: unknown name \"acuracy\"; did you mean \"Accuracy\"?",
       message([] { MetricRef("acuracy"); })},
      {"regularizer: unknown name \"l3\"; known: l1", message([] { Regularizer("l3"); })},
      {"constraint: unknown name \"nonneg\"; did you mean \"non_neg\"?",
       message([] { Constraint("nonneg"); })},
      {"constraint: unknown name \"maxnorm\"; did you mean \"max_norm\"?",
       message([] { Constraint("maxnorm"); })},
      {"loss: unknown reduction \"summ\"; did you mean \"sum\"?",
       message([] { loss_reduction("summ"); })},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(row.error.substr(0, row.text.size()) == row.text);
    CHECK(row.error.find("known: ") != std::string::npos);
  }
  CHECK(OptimizerRef("Adam").name() == "adam");  // case does not matter, as in Keras
  CHECK(OptimizerRef("SGD").name() == "sgd");
}

TEST_CASE("names: images are channels_last") {
  CHECK_NOTHROW(require_channels_last("Conv2D", ""));
  CHECK_NOTHROW(require_channels_last("Conv2D", "channels_last"));
  CHECK_THROWS_WITH_AS(require_channels_last("Conv2D", "channels_first"),
                       doctest::Contains("Conv2D: data_format is \"channels_first\""), ValueError);
}

}  // namespace
}  // namespace keratin::tests
