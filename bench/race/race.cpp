#include "bench/race/race.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <regex>
#include <thread>

#include "bench/peak.h"
#include "bench/race/peers.h"
#include "kernels/parallel.h"

namespace keratin::bench {
namespace {

std::vector<std::function<std::vector<Contest>()>>& makers() {
  static std::vector<std::function<std::vector<Contest>()>> list;
  return list;
}
struct Kind {
  double weight;
  std::function<Contest(Draw&)> draw;
};
std::vector<Kind>& kinds() {
  static std::vector<Kind> list;
  return list;
}
std::vector<Peer*>& peer_list() {
  static std::vector<Peer*> list;
  return list;
}

// One thread: the time that this thread had the processor, so that a neighbour costs nothing; more:
// the time on the wall.
double now(int threads) {
  timespec t{};
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

struct Lane {
  const Contender* contender;
  std::unique_ptr<Buffers> buffers;
  Run run;
  std::int64_t calls = 1;  // in one sample
  double best = 1e30;      // the lowest of the rounds' medians
};

double sample(const Lane& lane, int threads) {
  const double start = now(threads);
  for (std::int64_t i = 0; i < lane.calls; ++i) lane.run();
  return (now(threads) - start) / static_cast<double>(lane.calls);
}

void run_round(Lane& lane, int threads, double slice) {
  // The team of the contender before spins for work a while: OpenBLAS' 2^26 ticks of the clock.
  std::this_thread::sleep_for(std::chrono::milliseconds(threads == 1 ? 0 : 40));
  lane.run();
  std::vector<double> times;
  double spent = 0;
  while (spent < slice || times.size() < 3) {
    times.push_back(sample(lane, threads));
    spent += times.back() * static_cast<double>(lane.calls);
  }
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  lane.best = std::min(lane.best, *middle);
}

void set_threads(int threads) {
  kernels::set_thread_count(threads);
  for (Peer* peer : peers()) peer->set_threads(threads);
}

Result hold(const Contest& contest, int threads, const RaceOptions& options) {
  set_threads(threads);
  Result result;
  result.op = contest.op, result.shape = contest.shape, result.pass = contest.pass;
  result.threads = threads;
  std::vector<Lane> lanes;
  for (const Contender& contender : contest.contenders) {
    Lane lane{.contender = &contender, .buffers = std::make_unique<Buffers>(), .run = {}};
    lane.run = contender.prepare(*lane.buffers);
    if (!lane.run) continue;
    lane.run();
    if (!lanes.empty()) {
      const std::string difference =
          detail::difference(*lane.buffers, *lanes[0].buffers, contest.tolerance);
      if (!difference.empty()) result.mistakes.push_back(contender.name + ": " + difference);
    }
    // Samples of at least 20 us, so that the clock costs nothing.
    const double once = std::max(sample(lane, threads), 1e-8);
    lane.calls = std::max<std::int64_t>(1, static_cast<std::int64_t>(2e-5 / once));
    lanes.push_back(std::move(lane));
  }
  for (int round = 0; round < options.rounds; ++round) {
    for (Lane& lane : lanes) run_round(lane, threads, options.slice);
  }
  result.seconds = lanes[0].best;
  for (std::size_t i = 1; i < lanes.size(); ++i) {
    const Lane& lane = lanes[i];
    const auto take = [&](double& seconds, std::string* name) {
      if (seconds != 0 && seconds <= lane.best) return;
      seconds = lane.best;
      if (name != nullptr) *name = lane.contender->name;
    };
    switch (lane.contender->role) {
      case Role::peer:
        take(result.peer_seconds, &result.peer);
        break;
      case Role::stretch:
        take(result.stretch_seconds, &result.stretch);
        break;
      case Role::yardstick:
        take(result.yardstick_seconds, nullptr);
        break;
    }
  }
  const Peak& roof = peak(threads);
  const double least =
      std::max(contest.cost.flops / roof.flops, contest.cost.bytes / roof.bandwidth);
  result.share = least / result.seconds;
  if (result.peer_seconds > 0) result.peer_share = least / result.peer_seconds;
  return result;
}

Contest drawn(Draw& draw, std::mt19937_64& engine) {
  // What fits the caches and what does not; no row of a second, and none that times but the call.
  constexpr double kLeastFlops = 1e5, kLeastBytes = 2e4, kMostFlops = 2e9, kMostBytes = 2e8;
  std::vector<double> weights;
  for (const Kind& kind : kinds()) weights.push_back(kind.weight);
  std::discrete_distribution<std::size_t> pick(weights.begin(), weights.end());
  const Kind& kind = kinds()[pick(engine)];
  for (;;) {
    Contest contest = kind.draw(draw);
    const kernels::Cost& cost = contest.cost;
    const bool large = cost.flops >= kLeastFlops || cost.bytes >= kLeastBytes;
    if (large && cost.flops <= kMostFlops && cost.bytes <= kMostBytes) return contest;
  }
}

}  // namespace

std::int64_t Draw::size(std::int64_t least, std::int64_t most) {
  std::uniform_real_distribution<double> exponent(std::log(static_cast<double>(least)),
                                                  std::log(static_cast<double>(most) + 1));
  return std::clamp(static_cast<std::int64_t>(std::exp(exponent(engine_))), least, most);
}
std::int64_t Draw::channels(std::int64_t least, std::int64_t most) {
  const std::int64_t count = size(least, most);
  return count >= 8 && chance(0.5) ? count / 8 * 8 : count;
}
bool Draw::chance(double probability) { return std::bernoulli_distribution(probability)(engine_); }

bool add_drawn(double weight, std::function<Contest(Draw&)> draw) {
  kinds().push_back({weight, std::move(draw)});
  return true;
}

bool add_contests(std::function<std::vector<Contest>()> make) {
  makers().push_back(std::move(make));
  return true;
}

const std::vector<Peer*>& peers() { return peer_list(); }
bool add_peer(Peer* peer) {
  peer_list().push_back(peer);
  return true;
}

std::vector<Result> race(const RaceOptions& options,
                         const std::function<void(const Result&)>& report) {
  const std::regex filter(options.filter);
  const int all = kernels::thread_count();
  std::vector<Result> results;
  const auto run = [&](const Contest& contest) {
    const std::string name = contest.op + ' ' + contest.shape + ' ' + contest.pass;
    if (!std::regex_search(name, filter)) return;
    for (int threads = 1;; threads = all) {
      results.push_back(hold(contest, threads, options));
      report(results.back());
      if (threads == all) break;
    }
  };
  if (options.random > 0) {
    Draw draw(options.seed);
    std::mt19937_64 engine(options.seed);
    for (int i = 0; i < options.random; ++i) run(drawn(draw, engine));
  } else {
    for (const auto& make : makers()) {
      for (const Contest& contest : make()) run(contest);
    }
  }
  set_threads(all);
  return results;
}

}  // namespace keratin::bench
