#include "nn/inspect/layered_layout.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>

namespace keratin::detail {
namespace {

// Pixels.
constexpr double kBesideBox = 28, kBesideLine = 14, kBetweenRanks = 40, kMostBetweenRanks = 110;
constexpr double kBetweenArrows = 20;
constexpr double kSlack = 1e-6;  // of sums of widths, by rounding
constexpr int kSortingSweeps = 12, kPlacingSweeps = 32, kStraighteningSweeps = 4;

// A box, or a place where a long edge passes a rank.
struct Vertex {
  double width = 0, x = 0;  // x of the middle
  std::size_t rank = 0, place = 0;
  bool box = false;
  std::vector<std::size_t> above = {}, below = {};
};

class Layout {
 public:
  Layout(const std::vector<Extent>& boxes,
         const std::vector<std::pair<std::size_t, std::size_t>>& edges)
      : boxes_(boxes), edges_(edges) {
    make_ranks();
    make_vertices();
    sort_ranks();
    place_across();
  }

  LayeredLayout result() {
    LayeredLayout layout;
    double left = vertices_.empty() ? 0 : vertices_[0].x, right = left;
    for (const Vertex& v : vertices_) {
      left = std::min(left, v.x - v.width / 2);
      right = std::max(right, v.x + v.width / 2);
    }
    for (Vertex& v : vertices_) v.x -= left;
    place_along();
    layout.size = {right - left, tops_.empty() ? 0 : tops_.back() + heights_.back()};
    for (std::size_t b = 0; b < boxes_.size(); ++b) {
      const Vertex& v = vertices_[b];
      layout.corners.push_back({v.x - v.width / 2, top_of(b)});
    }
    make_arrivals();
    for (std::size_t e = 0; e < edges_.size(); ++e) layout.routes.push_back(route(e));
    return layout;
  }

 private:
  bool upwards(std::size_t e) const { return edges_[e].first > edges_[e].second; }
  std::size_t upper(std::size_t e) const { return std::min(edges_[e].first, edges_[e].second); }
  std::size_t lower(std::size_t e) const { return std::max(edges_[e].first, edges_[e].second); }

  // The longest way from a box without edges into it; those themselves go down to where they are
  // first needed.
  void make_ranks() {
    const std::size_t n = boxes_.size();
    std::vector<std::vector<std::size_t>> below(n);
    std::vector<bool> entered(n, false);
    for (std::size_t e = 0; e < edges_.size(); ++e) {
      if (upper(e) == lower(e)) continue;
      below[upper(e)].push_back(lower(e));
      entered[lower(e)] = true;
    }
    ranks_.assign(n, 0);
    for (std::size_t b = 0; b < n; ++b)
      for (const std::size_t next : below[b]) ranks_[next] = std::max(ranks_[next], ranks_[b] + 1);
    for (std::size_t b = 0; b < n; ++b) {
      if (entered[b] || below[b].empty()) continue;
      std::size_t first = n;
      for (const std::size_t next : below[b]) first = std::min(first, ranks_[next]);
      ranks_[b] = first - 1;
    }
  }

  void make_vertices() {
    std::size_t count = 0;
    for (std::size_t b = 0; b < boxes_.size(); ++b) {
      vertices_.push_back({.width = boxes_[b].width, .rank = ranks_[b], .box = true});
      count = std::max(count, ranks_[b] + 1);
    }
    chains_.resize(edges_.size());
    for (std::size_t e = 0; e < edges_.size(); ++e) {
      if (upper(e) == lower(e)) continue;
      std::vector<std::size_t>& chain = chains_[e];
      chain.push_back(upper(e));
      for (std::size_t rank = ranks_[upper(e)] + 1; rank < ranks_[lower(e)]; ++rank) {
        chain.push_back(vertices_.size());
        vertices_.push_back({.rank = rank});
      }
      chain.push_back(lower(e));
      for (std::size_t i = 1; i < chain.size(); ++i) {
        vertices_[chain[i - 1]].below.push_back(chain[i]);
        vertices_[chain[i]].above.push_back(chain[i - 1]);
      }
    }
    rows_.resize(count);
    for (std::size_t v = 0; v < vertices_.size(); ++v) rows_[vertices_[v].rank].push_back(v);
    number_places();
  }

  void number_places() {
    for (const auto& row : rows_)
      for (std::size_t i = 0; i < row.size(); ++i) vertices_[row[i]].place = i;
  }

  // Pairs of edges between two ranks whose ends stand in another order than their beginnings, with
  // a Fenwick tree over the ends met so far.
  std::int64_t crossings() const {
    std::int64_t count = 0;
    std::vector<std::int64_t> tree;
    for (std::size_t r = 0; r + 1 < rows_.size(); ++r) {
      tree.assign(rows_[r + 1].size() + 1, 0);
      std::int64_t met = 0;
      for (const std::size_t v : rows_[r]) {
        for (const std::size_t next : vertices_[v].below) {
          count += met;
          for (std::size_t i = vertices_[next].place + 1; i > 0; i &= i - 1) count -= tree[i];
        }
        for (const std::size_t next : vertices_[v].below) {
          ++met;
          for (std::size_t i = vertices_[next].place + 1; i < tree.size(); i += i & (~i + 1)) {
            ++tree[i];
          }
        }
      }
    }
    return count;
  }

  // Each vertex goes to the mean place of its neighbours in the rank before, down and up in turn.
  void sort_ranks() {
    std::vector<std::vector<std::size_t>> best = rows_;
    std::int64_t least = crossings();
    for (int sweep = 0; sweep < kSortingSweeps && least > 0; ++sweep) {
      const bool down = sweep % 2 == 0;
      for (std::size_t i = 0; i < rows_.size(); ++i) {
        std::vector<std::size_t>& row = rows_[down ? i : rows_.size() - 1 - i];
        std::vector<std::pair<double, std::size_t>> keyed;
        for (const std::size_t v : row) {
          const auto& neighbours = down ? vertices_[v].above : vertices_[v].below;
          double sum = 0;
          for (const std::size_t u : neighbours) sum += static_cast<double>(vertices_[u].place);
          keyed.emplace_back(neighbours.empty() ? static_cast<double>(vertices_[v].place)
                                                : sum / static_cast<double>(neighbours.size()),
                             v);
        }
        std::stable_sort(keyed.begin(), keyed.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
        for (std::size_t k = 0; k < row.size(); ++k) {
          row[k] = keyed[k].second;
          vertices_[row[k]].place = k;
        }
      }
      const std::int64_t now = crossings();
      if (now < least) {
        least = now;
        best = rows_;
      }
    }
    rows_ = best;
    number_places();
  }

  double distance(std::size_t left, std::size_t right) const {
    const Vertex &a = vertices_[left], &b = vertices_[right];
    return (a.width + b.width) / 2 + (a.box && b.box ? kBesideBox : kBesideLine);
  }

  // How much an edge wants to be straight: those most that are their ends' only ones.
  double pull(std::size_t upper, std::size_t lower) const {
    const bool leaves = vertices_[upper].below.size() == 1,
               enters = vertices_[lower].above.size() == 1;
    return leaves && enters ? 8 : leaves || enters ? 2 : 1;
  }

  // The places nearest to what each wishes, in this order and apart: with y = x - the least place
  // that is isotonic regression.
  void place_row(const std::vector<std::size_t>& row, bool from_above, bool from_below) {
    struct Block {
      double sum, weight;
      std::size_t count;
      double mean() const { return sum / weight; }
    };
    std::vector<Block> blocks;
    std::vector<double> least(row.size(), 0);
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) least[i] = least[i - 1] + distance(row[i - 1], row[i]);
      const Vertex& v = vertices_[row[i]];
      double sum = 0, weight = 0;
      const auto wish = [&](std::size_t to, double strength) {
        sum += strength * vertices_[to].x;
        weight += strength;
      };
      if (from_above)
        for (const std::size_t u : v.above) wish(u, pull(u, row[i]));
      if (from_below)
        for (const std::size_t u : v.below) wish(u, pull(row[i], u));
      if (weight == 0) {
        weight = 0.1;
        sum = weight * v.x;
      }
      blocks.push_back({sum - weight * least[i], weight, 1});
      while (blocks.size() > 1 && blocks[blocks.size() - 2].mean() >= blocks.back().mean()) {
        const Block last = blocks.back();
        blocks.pop_back();
        blocks.back().sum += last.sum;
        blocks.back().weight += last.weight;
        blocks.back().count += last.count;
      }
    }
    std::size_t i = 0;
    for (const Block& block : blocks)
      for (std::size_t k = 0; k < block.count; ++k, ++i)
        vertices_[row[i]].x = block.mean() + least[i];
  }

  void place_across() {
    for (const auto& row : rows_) {
      double x = 0;
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (i > 0) x += distance(row[i - 1], row[i]);
        vertices_[row[i]].x = x;
      }
      for (const std::size_t v : row) vertices_[v].x -= x / 2;
    }
    for (int sweep = 0; sweep < kPlacingSweeps; ++sweep) {
      const bool both = sweep >= kPlacingSweeps / 2;  // then what lies behind counts too
      for (std::size_t i = 0; i < rows_.size(); ++i) {
        if (sweep % 2 == 0) place_row(rows_[i], true, both);
        if (sweep % 2 == 1) place_row(rows_[rows_.size() - 1 - i], both, true);
      }
    }
    for (int sweep = 0; sweep < kStraighteningSweeps; ++sweep) straighten();
  }

  // Vertices that follow one another without a branch go to one line, where their neighbours leave
  // one free.
  void straighten() {
    const auto goes_on = [&](std::size_t v) {
      return vertices_[v].below.size() == 1 && vertices_[vertices_[v].below[0]].above.size() == 1;
    };
    std::vector<bool> done(vertices_.size(), false);
    for (const auto& start : rows_) {
      for (const std::size_t first : start) {
        if (done[first]) continue;
        std::vector<std::size_t> chain{first};
        while (goes_on(chain.back())) chain.push_back(vertices_[chain.back()].below[0]);
        double low = -std::numeric_limits<double>::infinity(), high = -low, sum = 0;
        for (const std::size_t v : chain) {
          done[v] = true;
          sum += vertices_[v].x;
          const auto& row = rows_[vertices_[v].rank];
          const std::size_t place = vertices_[v].place;
          if (place > 0) {
            const std::size_t beside = row[place - 1];
            low = std::max(low, vertices_[beside].x + distance(beside, v));
          }
          if (place + 1 < row.size()) {
            const std::size_t beside = row[place + 1];
            high = std::min(high, vertices_[beside].x - distance(v, beside));
          }
        }
        if (low > high + kSlack) continue;
        const double x =
            std::min(std::max(sum / static_cast<double>(chain.size()), low), std::max(low, high));
        for (const std::size_t v : chain) vertices_[v].x = x;
      }
    }
  }

  // Ranks that edges cross at a slant stand further apart.
  void place_along() {
    double top = 0;
    for (const auto& row : rows_) {
      double height = 0, slant = 0;
      for (const std::size_t v : row) {
        if (v < boxes_.size()) height = std::max(height, boxes_[v].height);
        for (const std::size_t next : vertices_[v].below) {
          slant = std::max(slant, std::fabs(vertices_[next].x - vertices_[v].x));
        }
      }
      tops_.push_back(top);
      heights_.push_back(height);
      top += height + std::min(kBetweenRanks + slant / 10, kMostBetweenRanks);
    }
  }

  double top_of(std::size_t box) const {
    const std::size_t rank = vertices_[box].rank;
    return tops_[rank] + (heights_[rank] - boxes_[box].height) / 2;
  }

  // Where edges meet the upper side of their lower box: side by side, in the order of where they
  // come from.
  void make_arrivals() {
    std::vector<std::vector<std::pair<double, std::size_t>>> into(boxes_.size());
    for (std::size_t e = 0; e < edges_.size(); ++e) {
      const auto& chain = chains_[e];
      if (!chain.empty()) into[lower(e)].emplace_back(vertices_[chain[chain.size() - 2]].x, e);
    }
    arrivals_.assign(edges_.size(), 0);
    for (std::size_t b = 0; b < boxes_.size(); ++b) {
      std::stable_sort(into[b].begin(), into[b].end());
      const auto n = static_cast<double>(into[b].size());
      const double step = std::min(kBetweenArrows, boxes_[b].width / (n + 1));
      for (std::size_t i = 0; i < into[b].size(); ++i) {
        arrivals_[into[b][i].second] =
            vertices_[b].x + (static_cast<double>(i) - (n - 1) / 2) * step;
      }
    }
  }

  std::vector<Place> route(std::size_t e) const {
    std::vector<Place> points;
    const auto& chain = chains_[e];
    for (std::size_t i = 0; i < chain.size(); ++i) {
      const Vertex& v = vertices_[chain[i]];
      const double top = tops_[v.rank], bottom = top + heights_[v.rank];
      const bool first = i == 0, last = i + 1 == chain.size();
      const double x = last ? arrivals_[e] : v.x;
      points.push_back({x, first ? top_of(chain[i]) + boxes_[chain[i]].height : top});
      points.push_back({x, last ? top_of(chain[i]) : bottom});
    }
    if (upwards(e)) std::reverse(points.begin(), points.end());
    return points;
  }

  const std::vector<Extent>& boxes_;
  const std::vector<std::pair<std::size_t, std::size_t>>& edges_;
  std::vector<std::size_t> ranks_;                // of boxes
  std::vector<Vertex> vertices_;                  // the boxes first
  std::vector<std::vector<std::size_t>> chains_;  // of each edge, from its upper box
  std::vector<std::vector<std::size_t>> rows_;
  std::vector<double> tops_, heights_;  // of ranks
  std::vector<double> arrivals_;        // x, of edges
};

}  // namespace

LayeredLayout layered_layout(const std::vector<Extent>& boxes,
                             const std::vector<std::pair<std::size_t, std::size_t>>& edges) {
  return Layout(boxes, edges).result();
}

}  // namespace keratin::detail
