#include "kernels/optimizer/optimizer.h"

#include <algorithm>

#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::BFloat16;
using kernels::Update;
using kernels::UpdatedTensor;
using kernels::UpdateShape;

// A row: options, and which slots there are.
struct Row {
  const char* name;
  UpdateShape shape;
  std::array<bool, 3> slots;
  double first_value = 0;  // of the first slot
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
UpdateShape moments(Update update, double beta_2 = 0.999) {
  UpdateShape s = adam();
  s.update = update;
  s.beta_2 = beta_2;
  return s;
}
UpdateShape accumulating(Update update, double rho = 0) {
  return {.update = update, .size = 0, .learning_rate = 0.05, .rho = rho, .epsilon = 1e-7};
}
UpdateShape ftrl(double power, double l1, double l2, double shrinkage, double beta) {
  return {.update = Update::ftrl,
          .size = 0,
          .learning_rate = 0.05,
          .power = power,
          .l1 = l1,
          .l2 = l2,
          .beta = beta,
          .shrinkage = shrinkage};
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
    {"adagrad", accumulating(Update::adagrad), {true, false, false}, 0.1},
    {"adadelta", accumulating(Update::adadelta, 0.95), {true, true, false}},
    {"adamax", moments(Update::adamax), {true, true, false}},
    {"nadam", moments(Update::nadam), {true, true, false}},
    {"lion", moments(Update::lion, 0.99), {true, false, false}},
    {"ftrl", ftrl(-0.5, 0, 0, 0, 0), {true, true, false}, 0.1},
    {"ftrl, all strengths", ftrl(-0.5, 0.3, 0.02, 0.01, 0.1), {true, true, false}, 0.1},
    {"ftrl, another power", ftrl(-0.7, 0.05, 0, 0, 0), {true, true, false}, 0.2},
    {"lamb", moments(Update::lamb), {true, true, false}},
};

// Weights of one tensor as the papers and Keras write them, in double, at step t = 1, 2 ...
struct Oracle {
  std::vector<double> w;
  std::vector<std::array<double, 3>> state;

  Oracle(std::vector<double> start, double first_value)
      : w(std::move(start)), state(w.size(), {first_value, 0, 0}) {}

  void step(const Row& row, const std::vector<double>& g, int t) {
    std::vector<double> direction(w.size());
    double w_squares = 0, squares = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
      w[i] -= w[i] * row.shape.decay;
      direction[i] = change(row, i, g[i] * row.shape.gradient_scale, t);
      w_squares += w[i] * w[i];
      squares += direction[i] * direction[i];
    }
    const bool lamb = row.shape.update == Update::lamb && w_squares > 0 && squares > 0;
    // The direction is eta u here.
    const double ratio = lamb ? std::sqrt(w_squares / squares) * row.shape.learning_rate : 1;
    for (std::size_t i = 0; i < w.size(); ++i) w[i] -= ratio * direction[i];
  }

 private:
  // What a weight is to lose.
  double change(const Row& row, std::size_t i, double g, int t) {
    const UpdateShape& s = row.shape;
    const double eta = s.learning_rate;
    auto& [a, b, c] = state[i];
    const double left_1 = 1 - std::pow(s.beta_1, t), left_2 = 1 - std::pow(s.beta_2, t);
    const auto moments = [&, &mean = a, &square = b] {
      mean = s.beta_1 * mean + (1 - s.beta_1) * g;
      square = s.beta_2 * square + (1 - s.beta_2) * g * g;
    };
    switch (s.update) {
      case Update::sgd:
        a = s.momentum * a - eta * g;
        return s.nesterov ? eta * g - s.momentum * a : -a;
      case Update::rmsprop: {
        a = s.rho * a + (1 - s.rho) * g * g;
        c = s.rho * c + (1 - s.rho) * g;
        b = s.momentum * b + eta * g / std::sqrt((row.slots[2] ? a - c * c : a) + s.epsilon);
        return b;
      }
      case Update::adam:
        moments();
        c = std::max(c, b);
        return eta * std::sqrt(left_2) / left_1 * a / (std::sqrt(row.slots[2] ? c : b) + s.epsilon);
      case Update::adagrad:
        a += g * g;
        return eta * g / std::sqrt(a + s.epsilon);
      case Update::adadelta: {
        a = s.rho * a + (1 - s.rho) * g * g;
        const double step = std::sqrt(b + s.epsilon) / std::sqrt(a + s.epsilon) * g;
        b = s.rho * b + (1 - s.rho) * step * step;
        return eta * step;
      }
      case Update::adamax:
        a = s.beta_1 * a + (1 - s.beta_1) * g;
        b = std::max(s.beta_2 * b, std::abs(g));
        return eta * a / (left_1 * (b + s.epsilon));
      case Update::nadam: {
        moments();
        double product = 1;
        for (int k = 1; k <= t; ++k) product *= nadam_u(s, k);
        const double next = nadam_u(s, t + 1);
        const double mean =
            next * a / (1 - product * next) + (1 - nadam_u(s, t)) * g / (1 - product);
        return eta * mean / (std::sqrt(b / left_2) + s.epsilon);
      }
      case Update::lion: {
        const double towards = s.beta_1 * a + (1 - s.beta_1) * g;
        a = s.beta_2 * a + (1 - s.beta_2) * g;
        return towards == 0 ? 0 : std::copysign(eta, towards);
      }
      case Update::ftrl: {
        const double more = a + g * g;
        const double before = std::pow(a, -s.power), after = std::pow(more, -s.power);
        b += g + 2 * s.shrinkage * w[i] - (after - before) / eta * w[i];
        a = more;
        return w[i] -
               (std::clamp(b, -s.l1, s.l1) - b) / (after / eta + 2 * (s.l2 + s.beta / (2 * eta)));
      }
      case Update::lamb:
        moments();
        return eta * (a / left_1) / (std::sqrt(b / left_2) + s.epsilon);
    }
    return 0;
  }

 public:
  static double nadam_u(const UpdateShape& s, int t) {
    return s.beta_1 * (1 - 0.5 * std::pow(0.96, t));
  }
};

// The constants as a kernel expects them at step t.
UpdateShape at_step(UpdateShape s, int t) {
  const double left_1 = 1 - std::pow(s.beta_1, t), left_2 = 1 - std::pow(s.beta_2, t);
  if (s.update == Update::adam) s.learning_rate *= std::sqrt(left_2) / left_1;
  if (s.update == Update::adamax) s.learning_rate /= left_1;
  if (s.update == Update::nadam) {
    double product = 1;
    for (int k = 1; k <= t; ++k) product *= Oracle::nadam_u(s, k);
    const double next = Oracle::nadam_u(s, t + 1);
    s.mean_share = next / (1 - product * next);
    s.gradient_share = (1 - Oracle::nadam_u(s, t)) / (1 - product);
    s.square_scale = 1 / left_2;
  }
  if (s.update == Update::lamb) s.mean_share = 1 / left_1, s.square_scale = 1 / left_2;
  return s;
}

// The tensors of a model and their slots; guards behind each.
template <class T>
struct Model {
  std::vector<std::int64_t> sizes;
  std::vector<std::vector<T>> w, g;
  std::vector<std::array<std::vector<T>, 3>> slots;

  std::vector<std::vector<BFloat16>> shadows;  // of float32, every other tensor
  Model(const std::vector<std::int64_t>& sizes, std::uint64_t seed, double first_value)
      : sizes(sizes) {
    for (const std::int64_t n : sizes) {
      w.push_back(converted<T>(normal_values<float>(n + 1, seed++)));
      w.back().back() = -77;
      g.emplace_back(static_cast<std::size_t>(n));
      shadows.emplace_back(static_cast<std::size_t>(n + 1), BFloat16{77});
      slots.emplace_back();
      for (auto& slot : slots.back()) slot.assign(static_cast<std::size_t>(n + 1), T(0));
      std::fill_n(slots.back()[0].begin(), n, static_cast<T>(first_value));
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
      if (std::is_same_v<T, float> && i % 2 != 0) tensor.shadow = shadows[i].data();
      for (std::size_t k = 0; k < 3; ++k)
        tensor.slots[k] = row.slots[k] ? slots[i][k].data() : nullptr;
      tensors.push_back(tensor);
      s.size += sizes[i];
    }
    function(tensors, s);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      CHECK(w[i].back() == -77);
      CHECK(shadows[i].back().bits == 77);
      if (!std::is_same_v<T, float> || i % 2 == 0) continue;
      for (std::size_t k = 0; k + 1 < w[i].size(); ++k)
        CHECK(shadows[i][k].bits == kernels::to_bfloat16(static_cast<float>(w[i][k])).bits);
      for (const auto& slot : slots[i]) CHECK(slot.back() == 0);
    }
  }
};

// As a model of these tensors asks for it.
UpdateShape sized(const Row& row, const std::vector<std::int64_t>& sizes) {
  UpdateShape s = row.shape;
  for (const std::int64_t n : sizes) s.size += n;
  return s;
}

const std::vector<std::int64_t> kTensors = {1, 7, 0, 16, 17, 33, 100};

// Gradients of either sign around a mean, so that centered and momentum matter.
template <class T>
void check_many_steps(const Row& row, int steps, Tolerance tolerance) {
  Model<T> start(kTensors, 5, row.first_value);
  for_each_rung(kernels::update_ladder<T>, sized(row, kTensors), [&](auto* function) {
    CAPTURE(std::string(row.name));
    Model<T> model = start;
    std::vector<Oracle> oracles;
    for (const auto& w : start.w) {
      oracles.emplace_back(converted<double>(w), row.first_value);
      oracles.back().w.pop_back();
    }
    for (int t = 1; t <= steps; ++t) {
      model.draw_gradients(100 + 10 * static_cast<std::uint64_t>(t), t % 7 == 0 ? 5 : 0.5);
      for (std::size_t i = 0; i < kTensors.size(); ++i) {
        oracles[i].step(row, converted<double>(model.g[i]), t);
      }
      model.update(function, row, t);
    }
    for (std::size_t i = 0; i < kTensors.size(); ++i) {
      model.w[i].resize(model.w[i].size() - 1);
      CHECK(difference(model.w[i], oracles[i].w, tolerance) == "");
    }
  });
}

}  // namespace

TEST_CASE("optimizer: every update, every rung, over many steps") {
  for (const Row& row : kRows) {
    check_many_steps<float>(row, 1, {.rel = 5e-7, .abs = 1e-7});
    check_many_steps<float>(row, 100, {.rel = 2e-5, .abs = 2e-5});
    check_many_steps<double>(row, 20, {.rel = 1e-12, .abs = 1e-12});
  }
}

TEST_CASE("optimizer: weight decay and scaled gradients") {
  for (Row row : kRows) {
    row.shape.decay = 0.004 * 0.05;
    row.shape.gradient_scale = 1.0 / 64;
    check_many_steps<float>(row, 100, {.rel = 2e-5, .abs = 2e-5});
    check_many_steps<double>(row, 20, {.rel = 1e-12, .abs = 1e-12});
  }
}

TEST_CASE("optimizer: all rungs agree on large models of many tensors, slots included") {
  const std::vector<std::int64_t> sizes = {16384, 16385, 3, 40000, 1, 0, 70001, 15};
  for (const Row& row : kRows) {
    CAPTURE(std::string(row.name));
    // What ftrl adds up is a hundred times larger than the sum.
    const Tolerance slots{2e-6, row.shape.update == Update::ftrl ? 2e-5 : 1e-6};
    Model<double> exact(sizes, 3, row.first_value);
    Model<float> start(sizes, 3, row.first_value);
    for (int t = 1; t <= 3; ++t) {
      exact.draw_gradients(static_cast<std::uint64_t>(50 * t), 1);
      exact.update(kernels::cpu::update_reference<double>, row, t);
    }
    for_each_rung(kernels::update_ladder<float>, sized(row, sizes), [&](auto* function) {
      Model<float> model = start;
      for (int t = 1; t <= 3; ++t) {
        model.draw_gradients(static_cast<std::uint64_t>(50 * t), 1);
        model.update(function, row, t);
      }
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        CHECK(difference(model.w[i], exact.w[i], {.rel = 2e-6, .abs = 2e-6}) == "");
        for (std::size_t k = 0; k < 3; ++k)
          CHECK(difference(model.slots[i][k], exact.slots[i][k], slots) == "");
      }
    });
  }
}

TEST_CASE("optimizer: more tensors than a GPU's launch takes, some of several pieces") {
  std::vector<std::int64_t> sizes = {4096, 4097, 9000};
  for (std::int64_t i = 0; i < 100; ++i) sizes.push_back(i * 7 % 30);
  for (const Row& row : {kRows[1], kRows[8]}) {
    Model<double> exact(sizes, 3, row.first_value);
    exact.draw_gradients(5, 1);
    exact.update(kernels::cpu::update_reference<double>, row, 1);
    for_each_rung(kernels::update_ladder<float>, sized(row, sizes), [&](auto* function) {
      Model<float> model(sizes, 3, row.first_value);
      model.draw_gradients(5, 1);
      model.update(function, row, 1);
      for (std::size_t i = 0; i < sizes.size(); ++i)
        CHECK(difference(model.w[i], exact.w[i], {.rel = 2e-6, .abs = 2e-6}) == "");
    });
  }
}

TEST_CASE("optimizer: rmsprop, centered, where the spread of the gradients is 0") {
  // Mean of squares and square of the mean come down to meet: rounding must not take a root of less
  // than 0.
  const Row& row = kRows[5];
  for_each_rung(kernels::update_ladder<float>, row.shape, [&](auto* function) {
    Model<float> model({3000}, 1, 0);
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
      Model<float> model({35}, 1, row.first_value);
      model.draw_gradients(2, 1);
      model.g[0][3] = kNaN;
      model.g[0][33] = kInf;
      model.update(function, row, 1);
      for (std::size_t i = 0; i < 35; ++i)
        CHECK(std::isfinite(model.w[0][i]) ==
              (i != 3 && (i != 33 || row.shape.update == Update::lion)));  // lion takes the sign
    });
  }
}

TEST_CASE("optimizer: a gradient of 0 from the start moves nothing") {
  for (const Row& row : kRows) {
    if (row.shape.update == Update::ftrl) continue;  // forgets where it started
    for_each_rung(kernels::update_ladder<float>, row.shape, [&](auto* function) {
      Model<float> model({50}, 1, row.first_value);
      const auto before = model.w[0];
      for (int t = 1; t <= 5; ++t) model.update(function, row, t);
      CHECK(same_bits(model.w[0], before));
    });
  }
}

TEST_CASE("optimizer: ftrl of nothing at all leaves a weight where it is") {
  const Row row{"", ftrl(-0.5, 0, 0, 0, 0), {true, true, false}};
  for_each_rung(kernels::update_ladder<float>, row.shape, [&](auto* function) {
    Model<float> model({50}, 1, 0);
    const auto before = model.w[0];
    model.update(function, row, 1);
    CHECK(same_bits(model.w[0], before));
  });
}

TEST_CASE("optimizer: the same bits on any number of threads") {
  for (const Row& row : kRows) {
    const std::vector<std::int64_t> sizes = {100'001, 3, 30'000};
    for_each_rung(kernels::update_ladder<float>, sized(row, sizes), [&](auto* function) {
      check_same_bits_on_all_threads([&] {
        Model<float> model(sizes, 1, row.first_value);
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
  CHECK(bytes(accumulating(Update::adagrad)) == 4 * 500);
  CHECK(bytes(moments(Update::lamb)) == 4 * 1000);
  s = moments(Update::lamb);
  CHECK(s.text() == "lamb [0]");
}

}  // namespace keratin::tests
