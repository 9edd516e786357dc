// A race: keratin's kernels and those of other libraries on the same shapes, in turns, in one
// process.
//
// A row, rows/softmax.cpp in short, is a list of contests. A contest makes its operands from seeded
// numbers, so that all who take part in it get the same; keratin comes first, peers offer what they
// have:
//
//   Contest contest{.op = "softmax", .shape = "128x1000", .pass = "fwd",
//                   .cost = kernels::softmax_cost<float>(s)};
//   contest.contenders.push_back({"keratin", [s](Buffers& b) -> Run {
//     const SoftmaxOperands o = softmax_operands(b, s);
//     return [=] { kernels::run(kernels::softmax_ladder<float>, o.x, o.y, s); };
//   }});
//   for (Peer* peer : peers()) contest.join(peer->softmax(s));
//
// What a contender writes into Buffers::output must agree with what keratin writes there.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "bench/harness.h"
#include "kernels/run.h"

namespace keratin::bench {

/// One call, of all that the task takes: packing and reordering of plain operands included.
using Run = std::function<void()>;

enum class Role {
  peer,       // keratin is measured against the fastest of these
  stretch,    // a peer that gives up accuracy or layout for speed, shown beside
  yardstick,  // what the machine's memory allows, by a plain loop
};

struct Contender {
  std::string name;
  std::function<Run(Buffers&)> prepare;  // an empty Run: it has nothing for this shape
  Role role = Role::peer;
};

struct Contest {
  std::string op, shape, pass;
  kernels::Cost cost;
  std::vector<Contender> contenders;  // keratin is the first
  double tolerance = 1e-4;            // as RowOptions::tolerance

  void join(std::vector<Contender> more) {
    for (Contender& contender : more) contenders.push_back(std::move(contender));
  }
};

/// Adds the contests that `make` gives, in the order of the sources; for the initialiser of a
/// constant.
bool add_contests(std::function<std::vector<Contest>()> make);

/// Seeded random sizes.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}
  /// In [least, most], as many between 10 and 100 as between 100 and 1000.
  std::int64_t size(std::int64_t least, std::int64_t most);
  /// As size(); half of them are rounded down to multiples of 8, which most models have.
  std::int64_t channels(std::int64_t least, std::int64_t most);
  template <class T>
  T one_of(std::initializer_list<T> choices) {
    return choices.begin()[engine_() % choices.size()];
  }
  bool chance(double probability);

 private:
  std::mt19937_64 engine_;
};

/// Adds a kind of contest on random shapes. `draw` makes one; of all that are drawn, a share of
/// `weight` over the sum of weights is of this kind.
bool add_drawn(double weight, std::function<Contest(Draw&)> draw);

/// One contest on one number of threads.
struct Result {
  std::string op, shape, pass, peer, stretch;  // the fastest of each kind, "" where there is none
  int threads = 1;
  double seconds = 0, peer_seconds = 0, stretch_seconds = 0, yardstick_seconds = 0;
  double share = 0, peer_share = 0;   // of the roof (bench/peak.h)
  std::vector<std::string> mistakes;  // contenders whose results differ from keratin's, in words

  double ratio() const { return peer_seconds / seconds; }
};

struct RaceOptions {
  std::string filter;  // a regular expression, found in "op shape pass"; "": all
  int rounds = 5;
  double slice = 0.03;  // seconds of one contender in one round
  int random = 0;       // contests on random shapes, in place of the listed ones
  std::uint64_t seed = 1;
};

/// Runs all contests, or so many drawn ones, on 1 thread and on all. `report` gets each result when it is there.
std::vector<Result> race(const RaceOptions& options,
                         const std::function<void(const Result&)>& report);

}  // namespace keratin::bench
