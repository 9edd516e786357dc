#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "kernels/parallel.h"
#include "nn/layers/preprocessing/token_table.h"

namespace keratin::layers::detail {

/// How often each token was seen, and in how many documents. Several threads count, each for
/// itself; the counts of all are the same whoever counted what.
template <class Token>
class TokenCounts {
 public:
  struct Seen {
    std::int64_t times = 0, documents = 0, last_document = 0;
  };

  /// What one thread counts. Tokens are parted by their hashes, so that the counts of threads are
  /// joined on as many threads again.
  class Part {
   public:
    static constexpr std::size_t kShards = 16;
    struct Shard {
      TokenTable<Token> tokens;
      std::vector<Seen> seen;  // of tokens[i]

      Seen& of(TokenView<Token> token, std::uint64_t hash) {
        const std::size_t place = tokens.place_of(token, hash);
        if (place == seen.size()) seen.emplace_back();
        return seen[place];
      }
    };

    void begin_document() { ++documents_; }
    void add(TokenView<Token> token) {
      const std::uint64_t hash = token_hash::of(token);
      Seen& seen = shards_[hash >> 60].of(token, hash);
      ++seen.times;
      if (seen.last_document == documents_) return;
      seen.last_document = documents_;
      ++seen.documents;
    }
    std::int64_t documents() const { return documents_; }
    const std::array<Shard, kShards>& shards() const { return shards_; }

   private:
    friend class TokenCounts;
    std::array<Shard, kShards> shards_;
    std::int64_t documents_ = 0;
  };

  /// f(first, last, part) for pieces of [0, rows), on all threads; a row begins a document.
  template <class F>
  void count(std::int64_t rows, F&& f) {
    constexpr std::int64_t kRowsAPiece = 16;
    const std::int64_t threads =
        std::min<std::int64_t>(kernels::thread_count(), (rows + kRowsAPiece - 1) / kRowsAPiece);
    if (std::ssize(parts_) < threads) parts_.resize(static_cast<std::size_t>(threads));
    std::atomic<std::int64_t> next = 0;
    kernels::parallel_for(threads, 1, [&](std::int64_t k, std::int64_t last) {
      for (; k < last; ++k) {
        Part& part = parts_[static_cast<std::size_t>(k)];
        for (std::int64_t i = next++ * kRowsAPiece; i < rows; i = next++ * kRowsAPiece)
          f(i, std::min(i + kRowsAPiece, rows), part);
      }
    });
  }

  /// The counts of all; those of the threads are used up.
  const Part& joined() {
    if (parts_.empty()) parts_.resize(1);
    Part& all = parts_[0];
    kernels::parallel_for(Part::kShards, 1, [&](std::int64_t first, std::int64_t last) {
      for (auto s = static_cast<std::size_t>(first); s < static_cast<std::size_t>(last); ++s) {
        for (std::size_t k = 1; k < parts_.size(); ++k) {
          const typename Part::Shard& shard = parts_[k].shards_[s];
          for (std::size_t i = 0; i < shard.seen.size(); ++i) {
            Seen& seen = all.shards_[s].of(shard.tokens[i], token_hash::of(shard.tokens[i]));
            seen.times += shard.seen[i].times;
            seen.documents += shard.seen[i].documents;
          }
        }
      }
    });
    for (std::size_t k = 1; k < parts_.size(); ++k) all.documents_ += parts_[k].documents_;
    parts_.resize(1);
    return parts_[0];
  }

 private:
  std::vector<Part> parts_;
};

}  // namespace keratin::layers::detail
