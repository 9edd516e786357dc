// Named values, hints for names that are not known, and one value or several.
#include "tensor/named.h"

#include <doctest/doctest.h>

#include "tensor/several.h"

namespace keratin::tests {
namespace {

TEST_CASE("named: keeps the order in which names came") {
  Logs logs = {{"loss", 0.5}, {"accuracy", 0.9}};
  CHECK(logs.size() == 2);
  logs["val_loss"] = 0.7;
  logs["loss"] = 0.4;
  std::string order;
  for (const auto& [name, value] : logs) order += name + " ";
  CHECK(order == "loss accuracy val_loss ");
  CHECK(logs.at("loss") == 0.4);
  CHECK(logs.contains("accuracy"));
  CHECK_FALSE(logs.contains("acc"));
  CHECK(logs.find("acc") == nullptr);
  CHECK(*logs.find("val_loss") == 0.7);
  logs.erase("loss");
  logs.erase("loss");
  CHECK(logs.size() == 2);
  CHECK_FALSE(logs.contains("loss"));
  CHECK(Logs().empty());
  CHECK(Logs{{"a", 1}, {"a", 2}}.at("a") == 2);  // the last one counts
  CHECK(Logs{{"a", 1}, {"a", 2}}.size() == 1);
}

TEST_CASE("named: a name that is not there") {
  const Logs logs = {{"loss", 0.5}, {"accuracy", 0.9}};
  CHECK_THROWS_WITH_AS((void)logs.at("acuracy"),
                       "no entry \"acuracy\"; did you mean \"accuracy\"?; known: loss, accuracy",
                       ValueError);
  CHECK_THROWS_WITH_AS((void)logs.at("epoch"), "no entry \"epoch\"; known: loss, accuracy",
                       ValueError);
  CHECK_THROWS_WITH_AS((void)Logs().at("loss"), "no entry \"loss\"; there are none", ValueError);
  CHECK_THROWS_AS((void)Logs(logs).at("x"), ValueError);
}

TEST_CASE("named: the nearest name") {
  const std::vector<std::string> known = {"adam",           "adamw", "sgd", "rmsprop", "relu",
                                          "glorot_uniform", "l2",    "mse", "mae"};
  struct Row {
    const char *given, *nearest;
  };
  const Row rows[] = {
      {"adamm", "adam"},  // one letter more
      {"adm", "adam"},    // one less
      {"adsm", "adam"},   // another
      {"adma", "adam"},   // two swapped
      {"rleu", "relu"},
      {"RMSProp", "rmsprop"},  // case does not count
      {"Adamw", "adamw"},
      {"glorotuniform", "glorot_uniform"},
      {"glorot-unifrom", "glorot_uniform"},
      {"sdg", "sgd"},
      {"L2", "l2"},
      {"msa", "mse"},   // the first of equally near ones
      {"adagrad", ""},  // too far from all
      {"l3", ""},       // half of it differs
      {"x", ""},
      {"", ""},
      {"leaky_relu_activation", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.given);
    CHECK(nearest_name(row.given, known) == row.nearest);
  }
  CHECK(nearest_name("adam", {}).empty());
  CHECK(name_hint("adma", {"sgd", "adam"}) == "; did you mean \"adam\"?; known: sgd, adam");
  CHECK(name_hint("adagrad", {"sgd", "adam"}) == "; known: sgd, adam");
}

TEST_CASE("several: one is that one") {
  const Tensors one = arange(0, 6).reshaped({2, 3});
  CHECK(one.single());
  CHECK_FALSE(one.named());
  CHECK_FALSE(one.none());
  CHECK(one.count() == 1);
  CHECK(one.shape() == Shape{2, 3});
  CHECK(one[1].to_vector<int>() == std::vector<int>{3, 4, 5});  // a row, not an entry
  CHECK(one.get(0).shape() == Shape{2, 3});
  CHECK(one.name(0).empty());
}

TEST_CASE("several: none") {
  const Tensors none;
  CHECK(none.none());
  CHECK(none.count() == 0);
  CHECK_FALSE(none.defined());
  CHECK_THROWS_AS((void)none.get(0), std::out_of_range);
  CHECK(none.map([](const Tensor& x) { return x.copy(); }).none());
}

TEST_CASE("several: by position") {
  const Tensor a = zeros({2}), b = ones({3});
  for (const Tensors& list : {Tensors({a, b}), Tensors(std::vector<Tensor>{a, b})}) {
    CHECK_FALSE(list.single());
    CHECK_FALSE(list.named());
    CHECK(list.count() == 2);
    CHECK(list.get(1).shape() == Shape{3});
    CHECK(list.shape() == Shape{2});  // it is the first one, too
    CHECK_THROWS_AS((void)list.get(2), std::out_of_range);
    CHECK_THROWS_AS((void)list.get(-1), std::out_of_range);
  }
  const Tensors alone(std::vector<Tensor>{a});  // a list of one is a list
  CHECK_FALSE(alone.single());
  CHECK(alone.count() == 1);
}

TEST_CASE("several: by name") {
  const Tensors dict({{"image", zeros({2})}, {"text", ones({3})}});
  CHECK(dict.named());
  CHECK_FALSE(dict.single());
  CHECK(dict["text"].shape() == Shape{3});
  CHECK(dict.name(0) == "image");
  CHECK(dict.contains("image"));
  CHECK_FALSE(dict.contains("audio"));
  CHECK_THROWS_WITH_AS((void)dict["txt"],
                       "no entry \"txt\"; did you mean \"text\"?; known: image, text", ValueError);
  Named<Tensor> named;
  named["b"] = ones({1});
  named["a"] = zeros({4});
  const Tensors from_named(named);
  CHECK(from_named.named());
  CHECK(from_named.name(0) == "b");
  CHECK(from_named["a"].size() == 4);
}

TEST_CASE("several: map keeps the structure") {
  const auto doubled = [](const Tensor& x) { return Tensor::numbers({2 * x.item<double>()}, {1}); };
  const Tensor one = Tensor::scalar(1), two = Tensor::scalar(2);
  CHECK(Tensors(two).map(doubled).single());
  CHECK(Tensors(two).map(doubled).item<int>() == 4);
  const Tensors list = Tensors({one, two}).map(doubled);
  CHECK_FALSE(list.single());
  CHECK(list.get(1).item<int>() == 4);
  const Tensors alone = Tensors(std::vector<Tensor>{one}).map(doubled);
  CHECK_FALSE(alone.single());
  const Tensors dict = Tensors({{"b", one}, {"a", two}}).map(doubled);
  CHECK(dict.named());
  CHECK(dict.name(0) == "b");
  CHECK(dict["a"].item<int>() == 4);
}

}  // namespace
}  // namespace keratin::tests
