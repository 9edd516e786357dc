// Rows of a table: one after the other, as examples, and gathered into batches.
#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "data/pipeline/pipeline.h"
#include "data/pipeline/table.h"

namespace keratin::data::detail {
namespace {

class AllRows : public Source<std::int64_t> {
 public:
  explicit AllRows(std::int64_t count) : count_(count) {}
  PassPtr<std::int64_t> begin(std::int64_t) const override { return std::make_unique<Run>(count_); }
  std::int64_t cardinality() const override { return count_; }

 private:
  struct Run : Pass<std::int64_t> {
    explicit Run(std::int64_t count) : count(count) {}
    std::optional<std::int64_t> next() override {
      if (row >= count) return {};
      return row++;
    }
    void skip(std::int64_t n) override { row += std::min(n, count - row); }
    std::int64_t count, row = 0;
  };

  std::int64_t count_;
};

class ExamplesOf : public Source<Example> {
 public:
  ExamplesOf(SourcePtr<std::int64_t> rows, std::shared_ptr<const Table> table)
      : rows_(std::move(rows)), table_(std::move(table)) {}
  PassPtr<Example> begin(std::int64_t pass) const override {
    return std::make_unique<Run>(rows_->begin(pass), *table_);
  }
  std::int64_t cardinality() const override { return rows_->cardinality(); }

 private:
  struct Run : Pass<Example> {
    Run(PassPtr<std::int64_t> rows, const Table& table) : rows(std::move(rows)), table(table) {}
    std::optional<Example> next() override {
      if (const auto row = rows->next()) return table.row(*row);
      return {};
    }
    void skip(std::int64_t n) override { rows->skip(n); }
    PassPtr<std::int64_t> rows;
    const Table& table;
  };

  SourcePtr<std::int64_t> rows_;
  std::shared_ptr<const Table> table_;
};

class Gathered : public Source<Example> {
 public:
  Gathered(SourcePtr<std::int64_t> rows, std::shared_ptr<const Table> table, std::int64_t size,
           bool drop_remainder)
      : rows_(std::move(rows)),
        table_(std::move(table)),
        size_(size),
        drop_remainder_(drop_remainder) {}
  PassPtr<Example> begin(std::int64_t pass) const override {
    return std::make_unique<Run>(rows_->begin(pass), *this);
  }
  std::int64_t cardinality() const override {
    return batch_count(rows_->cardinality(), size_, drop_remainder_);
  }

 private:
  struct Run : Pass<Example> {
    Run(PassPtr<std::int64_t> rows, const Gathered& source)
        : rows(std::move(rows)), source(source) {}
    std::optional<Example> next() override {
      batch.clear();
      while (static_cast<std::int64_t>(batch.size()) < source.size_) {
        const auto row = rows->next();
        if (!row) {
          if (batch.empty() || source.drop_remainder_) return {};
          break;
        }
        batch.push_back(*row);
      }
      return source.table_->gather(batch);
    }
    void skip(std::int64_t n) override { rows->skip(element_count(n, source.size_)); }
    PassPtr<std::int64_t> rows;
    const Gathered& source;
    std::vector<std::int64_t> batch;
  };

  SourcePtr<std::int64_t> rows_;
  std::shared_ptr<const Table> table_;
  std::int64_t size_;
  bool drop_remainder_;
};

}  // namespace

SourcePtr<std::int64_t> all_rows(std::int64_t count) { return std::make_shared<AllRows>(count); }

SourcePtr<Example> examples_of(SourcePtr<std::int64_t> rows, std::shared_ptr<const Table> table) {
  return std::make_shared<ExamplesOf>(std::move(rows), std::move(table));
}

SourcePtr<Example> gathered(SourcePtr<std::int64_t> rows, std::shared_ptr<const Table> table,
                            std::int64_t size, bool drop_remainder) {
  return std::make_shared<Gathered>(std::move(rows), std::move(table), size, drop_remainder);
}

std::int64_t batch_count(std::int64_t elements, std::int64_t size, bool drop_remainder) {
  if (elements < 0) return elements;  // kInfinite, kUnknown
  return elements / size + (!drop_remainder && elements % size != 0 ? 1 : 0);
}

std::int64_t element_count(std::int64_t batches, std::int64_t size) {
  std::int64_t elements = 0;
  return __builtin_mul_overflow(batches, size, &elements) ? std::numeric_limits<std::int64_t>::max()
                                                          : elements;
}

}  // namespace keratin::data::detail
