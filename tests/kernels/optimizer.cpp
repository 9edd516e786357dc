#include "kernels/optimizer/optimizer.h"

#include <algorithm>

#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::Update;
using kernels::UpdatedTensor;
using kernels::UpdateShape;

// A row: options, and which slots there are.
struct Row {
  const char* name;
  UpdateShape shape;
  std::array<bool, 3> slots;
};

UpdateShape sgd(double momentum, bool nesterov) {
  return {.update = Update::sgd,
          .size = 0,
          .learning_rate = 0.05,
          .momentum = momentum,
          .nesterov = nesterov};
}
UpdateShape rmsprop(double momentum) {
  return {.update = Update::rmsprop,
          .size = 0,
          .learning_rate = 0.01,
          .momentum = momentum,
          .rho = 0.9,
          .epsilon = 1e-7};
}
UpdateShape adam() {
  return {.update = Update::adam,
          .size = 0,
          .learning_rate = 0.01,
          .beta_1 = 0.9,
          .beta_2 = 0.999,
          .epsilon = 1e-7};
}

const std::vector<Row> kRows = {
    {"sgd", sgd(0, false), {}},
    {"sgd, momentum", sgd(0.9, false), {true, false, false}},
    {"sgd, nesterov", sgd(0.9, true), {true, false, false}},
    {"rmsprop", rmsprop(0), {true, false, false}},
    {"rmsprop, momentum", rmsprop(0.8), {true, true, false}},
    {"rmsprop, centered", rmsprop(0), {true, false, true}},
    {"rmsprop, centered, momentum", rmsprop(0.8), {true, true, true}},
    {"adam", adam(), {true, true, false}},
    {"adam, amsgrad", adam(), {true, true, true}},
};

// One weight as the papers and Keras write it, in double, at step t = 1, 2 ...
struct Oracle {
  double w = 0;
  std::array<double, 3> state{};

  void step(const Row& row, double g, int t) {
    const UpdateShape& s = row.shape;
    const double eta = s.learning_rate;
    g *= s.gradient_scale;
    w -= w * s.decay;
    if (s.update == Update::sgd) {
      double& m = state[0];
      m = s.momentum * m - eta * g;
      w += s.nesterov ? s.momentum * m - eta * g : m;
    } else if (s.update == Update::rmsprop) {
      auto& [v, m, mean] = state;
      v = s.rho * v + (1 - s.rho) * g * g;
      mean = s.rho * mean + (1 - s.rho) * g;
      const double spread = row.slots[2] ? v - mean * mean : v;
      m = s.momentum * m + eta * g / std::sqrt(spread + s.epsilon);
      w -= m;
    } else {
      auto& [m, v, most] = state;
      m = s.beta_1 * m + (1 - s.beta_1) * g;
      v = s.beta_2 * v + (1 - s.beta_2) * g * g;
      most = std::max(most, v);
      const double corrected =
          eta * std::sqrt(1 - std::pow(s.beta_2, t)) / (1 - std::pow(s.beta_1, t));
      w -= corrected * m / (std::sqrt(row.slots[2] ? most : v) + s.epsilon);
    }
  }
};

// The learning rate as a kernel expects it at step t.
UpdateShape at_step(UpdateShape s, int t) {
  if (s.update == Update::adam)
    s.learning_rate *= std::sqrt(1 - std::pow(s.beta_2, t)) / (1 - std::pow(s.beta_1, t));
  return s;
}

// The tensors of a model and their slots; guards behind each.
template <class T>
struct Model {
  std::vector<std::int64_t> sizes;
  std::vector<std::vector<T>> w, g;
  std::vector<std::array<std::vector<T>, 3>> slots;

  Model(const std::vector<std::int64_t>& sizes, std::uint64_t seed) : sizes(sizes) {
    for (const std::int64_t n : sizes) {
      w.push_back(converted<T>(normal_values<float>(n + 1, seed++)));
      w.back().back() = -77;
      g.emplace_back(static_cast<std::size_t>(n));
      slots.emplace_back();
      for (auto& slot : slots.back()) slot.assign(static_cast<std::size_t>(n + 1), T(0));
    }
  }
  void draw_gradients(std::uint64_t seed, double scale) {
    for (auto& values : g)
      values = converted<T>(
          normal_values<float>(static_cast<std::int64_t>(values.size()), seed++, scale));
  }
  void update(kernels::UpdateFn<T> function, const Row& row, int t) {
    std::vector<UpdatedTensor<T>> tensors;
    UpdateShape s = at_step(row.shape, t);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      UpdatedTensor<T> tensor{.w = w[i].data(), .g = g[i].data(), .slots = {}, .size = sizes[i]};
      for (std::size_t k = 0; k < 3; ++k)
        tensor.slots[k] = row.slots[k] ? slots[i][k].data() : nullptr;
      tensors.push_back(tensor);
      s.size += sizes[i];
    }
    function(tensors, s);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      CHECK(w[i].back() == -77);
      for (const auto& slot : slots[i]) CHECK(slot.back() == 0);
    }
  }
};

const std::vector<std::int64_t> kTensors = {1, 7, 0, 16, 17, 33, 100};

// Gradients of either sign around a mean, so that centered and momentum matter.
template <class T>
void check_many_steps(const Row& row, int steps, Tolerance tolerance) {
  Model<T> start(kTensors, 5);
  UpdateShape all = row.shape;
  for (const std::int64_t n : kTensors) all.size += n;
  for_each_rung(kernels::update_ladder<T>, all, [&](auto* function) {
    CAPTURE(std::string(row.name));
    Model<T> model = start;
    std::vector<std::vector<Oracle>> oracles;
    for (const auto& w : start.w) {
      oracles.emplace_back();
      for (const T value : w)
        oracles.back().push_back({.w = static_cast<double>(value), .state = {}});
      oracles.back().pop_back();
    }
    for (int t = 1; t <= steps; ++t) {
      model.draw_gradients(100 + 10 * static_cast<std::uint64_t>(t), t % 7 == 0 ? 5 : 0.5);
      for (std::size_t i = 0; i < kTensors.size(); ++i)
        for (std::size_t k = 0; k < oracles[i].size(); ++k)
          oracles[i][k].step(row, static_cast<double>(model.g[i][k]), t);
      model.update(function, row, t);
    }
    for (std::size_t i = 0; i < kTensors.size(); ++i) {
      std::vector<double> expected;
      for (const Oracle& oracle : oracles[i]) expected.push_back(oracle.w);
      model.w[i].resize(model.w[i].size() - 1);
      CHECK(difference(model.w[i], expected, tolerance) == "");
    }
  });
}

}  // namespace

TEST_CASE("optimizer: every update, every rung, over many steps") {
  for (const Row& row : kRows) {
    check_many_steps<float>(row, 1, {.rel = 5e-7, .abs = 1e-7});
    check_many_steps<float>(row, 200, {.rel = 2e-5, .abs = 2e-5});
    check_many_steps<double>(row, 200, {.rel = 1e-12, .abs = 1e-12});
  }
}

TEST_CASE("optimizer: weight decay and scaled gradients") {
  for (Row row : kRows) {
    row.shape.decay = 0.004 * 0.05;
    row.shape.gradient_scale = 1.0 / 64;
    check_many_steps<float>(row, 100, {.rel = 2e-5, .abs = 2e-5});
    check_many_steps<double>(row, 100, {.rel = 1e-12, .abs = 1e-12});
  }
}

TEST_CASE("optimizer: all rungs agree on large models of many tensors, slots included") {
  const std::vector<std::int64_t> sizes = {16384, 16385, 3, 40000, 1, 0, 70001, 15};
  for (const Row& row : kRows) {
    CAPTURE(std::string(row.name));
    Model<double> exact(sizes, 3);
    Model<float> start(sizes, 3);
    for (int t = 1; t <= 3; ++t) {
      exact.draw_gradients(static_cast<std::uint64_t>(50 * t), 1);
      exact.update(kernels::cpu::update_reference<double>, row, t);
    }
    for_each_rung(kernels::update_ladder<float>, row.shape, [&](auto* function) {
      Model<float> model = start;
      for (int t = 1; t <= 3; ++t) {
        model.draw_gradients(static_cast<std::uint64_t>(50 * t), 1);
        model.update(function, row, t);
      }
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        CHECK(difference(model.w[i], exact.w[i], {.rel = 2e-6, .abs = 2e-6}) == "");
        for (std::size_t k = 0; k < 3; ++k)
          CHECK(difference(model.slots[i][k], exact.slots[i][k], {.rel = 2e-6, .abs = 1e-6}) == "");
      }
    });
  }
}

TEST_CASE("optimizer: rmsprop, centered, where the spread of the gradients is 0") {
  // Mean of squares and square of the mean come down to meet: rounding must not take a root of less
  // than 0.
  const Row& row = kRows[5];
  for_each_rung(kernels::update_ladder<float>, row.shape, [&](auto* function) {
    Model<float> model({3000}, 1);
    for (int t = 1; t <= 600; ++t) {
      model.draw_gradients(7, t < 50 ? 2000 : 1000);
      model.update(function, row, t);
    }
    const auto finite = [](float w) { return std::isfinite(w); };
    CHECK(std::count_if(model.w[0].begin(), model.w[0].end(), finite) == 3001);
  });
}

TEST_CASE("optimizer: NaN and infinity in a gradient spoil their weight, and no other") {
  for (const Row& row : kRows) {
    CAPTURE(std::string(row.name));
    for_each_rung(kernels::update_ladder<float>, row.shape, [&](auto* function) {
      Model<float> model({35}, 1);
      model.draw_gradients(2, 1);
      model.g[0][3] = kNaN;
      model.g[0][33] = kInf;
      model.update(function, row, 1);
      for (std::size_t i = 0; i < 35; ++i)
        CHECK(std::isfinite(model.w[0][i]) == (i != 3 && i != 33));
    });
  }
}

TEST_CASE("optimizer: a gradient of 0 from the start moves nothing") {
  for (const Row& row : kRows) {
    for_each_rung(kernels::update_ladder<float>, row.shape, [&](auto* function) {
      Model<float> model({50}, 1);
      const auto before = model.w[0];
      for (int t = 1; t <= 5; ++t) model.update(function, row, t);
      CHECK(same_bits(model.w[0], before));
    });
  }
}

TEST_CASE("optimizer: the same bits on any number of threads") {
  for (const Row& row : kRows) {
    for_each_rung(kernels::update_ladder<float>, row.shape, [&](auto* function) {
      check_same_bits_on_all_threads([&] {
        Model<float> model({100'001, 3, 30'000}, 1);
        model.draw_gradients(2, 1);
        for (int t = 1; t <= 3; ++t) model.update(function, row, t);
        return model.w[0];
      });
    });
  }
}

TEST_CASE("optimizer: cost and text") {
  const auto bytes = [](UpdateShape s) {
    s.size = 100;
    return kernels::update_cost<float>(s).bytes;
  };
  CHECK(bytes(sgd(0, false)) == 4 * 300);   // w twice, g
  CHECK(bytes(sgd(0.9, true)) == 4 * 500);  // a slot twice
  CHECK(bytes(rmsprop(0)) == 4 * 500);
  CHECK(bytes(rmsprop(0.5)) == 4 * 700);
  CHECK(bytes(adam()) == 4 * 700);
  UpdateShape s = adam();
  s.size = 12;
  CHECK(s.text() == "adam [12]");
}

}  // namespace keratin::tests
