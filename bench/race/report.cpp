#include "bench/race/report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <map>

#include "bench/peak.h"
#include "bench/race/peers.h"
#include "kernels/parallel.h"

namespace keratin::bench {
namespace {

std::string time_text(double seconds) {
  if (seconds == 0) return "-";
  const double us = 1e6 * seconds;
  return us < 100 ? fmt::format("{:.1f}", us) : fmt::format("{:.0f}", us);
}
std::string ratio_text(double numerator, double denominator) {
  return numerator == 0 ? "-" : fmt::format("{:.2f}", numerator / denominator);
}
std::string share_text(double share) {
  return share == 0 ? "-" : fmt::format("{:.0f}%", 100 * share);
}

// What a row says, in the order of the columns.
std::vector<std::string> cells(const Result& r) {
  return {r.op,
          r.shape,
          r.pass,
          std::to_string(r.threads),
          time_text(r.seconds),
          time_text(r.peer_seconds),
          r.peer.empty() ? "-" : r.peer,
          ratio_text(r.peer_seconds, r.seconds),
          share_text(r.share),
          share_text(r.peer_share),
          ratio_text(r.stretch_seconds, r.seconds),
          ratio_text(r.yardstick_seconds, r.seconds)};
}
const std::vector<std::string> kHeads = {"op",    "shape",        "pass",     "threads",
                                         "us",    "peer us",      "peer",     "ratio",
                                         "share", "peer's share", "Winograd", "yardstick"};
constexpr int kWidths[] = {11, 27, 11, 7, 8, 8, 13, 6, 6, 12, 8, 9};

std::string line(const std::vector<std::string>& cells) {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool words = i < 3 || i == 6;
    text += words ? fmt::format("{:<{}} ", cells[i], kWidths[i])
                  : fmt::format("{:>{}} ", cells[i], kWidths[i]);
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text + '\n';
}

// Do all threads together not do clearly more than one? Then other programs have the other cores.
bool cores_are_taken() {
  const int threads = kernels::thread_count();
  return threads > 1 && peak(threads).flops < 1.5 * peak(1).flops;
}

std::string name_of(const Result& r) {
  return fmt::format("{} {} {}, {} thread{}", r.op, r.shape, r.pass, r.threads,
                     r.threads == 1 ? "" : "s");
}

struct Known {
  const char *name, *package;
};
constexpr Known kKnown[] = {
    {"oneDNN", "libdnnl-dev"}, {"OpenBLAS", "libopenblas-dev"}, {"Eigen", "libeigen3-dev"}};

}  // namespace

std::string field_text() {
  std::string text = machine_text() + "peers:";
  for (Peer* peer : peers()) text += ' ' + peer->version() + ',';
  if (peers().empty()) text += " none,";
  text.back() = '\n';
  for (const Known& known : kKnown) {
    bool there = false;
    for (Peer* peer : peers()) there |= peer->version().rfind(known.name, 0) == 0;
    if (!there) {
      text += fmt::format("without {}: its package, {} on Debian, is missing\n", known.name,
                          known.package);
    }
  }
  if (cores_are_taken()) {
    text +=
        "THE MACHINE IS NOT IDLE: all threads together did hardly more than one. Rows with several "
        "threads are no finding.\n";
  }
  return text;
}

std::string table_head() { return line(kHeads); }
std::string table_row(const Result& result) {
  std::string text = line(cells(result));
  for (const std::string& mistake : result.mistakes) text += "  WRONG: " + mistake + '\n';
  return text;
}

std::string summary_text(const std::vector<Result>& results) {
  std::string text, lost, wrong;
  struct Sum {
    double logarithms = 0;
    int won = 0;
    std::vector<double> ratios;
  };
  std::map<int, Sum> by_threads;  // apart: a busy machine spoils those with several threads
  for (const Result& r : results) {
    for (const std::string& mistake : r.mistakes)
      wrong += fmt::format("- {}: {}\n", name_of(r), mistake);
    if (r.peer.empty()) continue;
    Sum& sum = by_threads[r.threads];
    sum.ratios.push_back(r.ratio());
    sum.logarithms += std::log(r.ratio());
    if (r.ratio() >= 1) {
      ++sum.won;
    } else {
      lost += fmt::format("- {}: {:.2f} of {}'s speed\n", name_of(r), r.ratio(), r.peer);
    }
  }
  for (auto& [threads, sum] : by_threads) {
    const std::size_t raced = sum.ratios.size();
    std::sort(sum.ratios.begin(), sum.ratios.end());
    text += fmt::format(
        "{} thread{}: {} of {} rows are at or past the fastest peer; geometric mean of the ratios "
        "{:.2f}, 10th percentile {:.2f}, least {:.2f}.\n",
        threads, threads == 1 ? "" : "s", sum.won, raced,
        std::exp(sum.logarithms / static_cast<double>(raced)), sum.ratios[raced / 10],
        sum.ratios[0]);
  }
  if (text.empty()) text = "No peer took part.\n";
  if (!lost.empty()) text += "\nkeratin loses:\n\n" + lost;
  if (!wrong.empty()) text += "\nResults differ:\n\n" + wrong;
  return text;
}

std::string markdown_text(const std::vector<Result>& results, const std::string& revision) {
  std::string text = fmt::format("# Race of kernels, {:%Y-%m-%d}, revision {}\n\n",
                                 fmt::gmtime(std::time(nullptr)), revision);
  std::string field = field_text();
  for (std::size_t at = 0; (at = field.find('\n', at)) != std::string::npos; at += 3)
    field.replace(at, 1, "  \n");
  text += field + '\n' + summary_text(results) + "\n|";
  for (const std::string& head : kHeads) text += ' ' + head + " |";
  text += "\n|";
  for (std::size_t i = 0; i < kHeads.size(); ++i) text += i < 3 || i == 6 ? "---|" : "---:|";
  for (const Result& r : results) {
    text += "\n|";
    const bool lost = !r.peer.empty() && r.ratio() < 1;
    const auto all = cells(r);
    for (std::size_t i = 0; i < all.size(); ++i)
      text += lost && i == 7 ? " **" + all[i] + "** |" : ' ' + all[i] + " |";
  }
  return text + '\n';
}

}  // namespace keratin::bench
