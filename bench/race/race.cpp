#include "bench/race/race.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <chrono>
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
  // Teams of the contender before may still be spinning for work.
  std::this_thread::sleep_for(std::chrono::milliseconds(threads == 1 ? 0 : 3));
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

}  // namespace

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
  for (const auto& make : makers()) {
    for (const Contest& contest : make()) {
      const std::string name = contest.op + ' ' + contest.shape + ' ' + contest.pass;
      if (!std::regex_search(name, filter)) continue;
      for (int threads = 1;; threads = all) {
        results.push_back(hold(contest, threads, options));
        report(results.back());
        if (threads == all) break;
      }
    }
  }
  set_threads(all);
  return results;
}

}  // namespace keratin::bench
