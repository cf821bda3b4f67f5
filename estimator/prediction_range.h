// PredictionRange: the predictions for a data set, one example after the other, made as they are asked for.
#pragma once
#include <weft/estimator/heads/predictions.h>
#include <weft/io/dataset.h>

#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>

namespace weft {

/// A range to iterate once. A Prediction is valid until the iterator moves on.
class PredictionRange {
 public:
  /// Predicts a batch.
  using PredictFn = std::function<void(const Batch& batch, Predictions& out)>;
  PredictionRange(Dataset input, PredictFn predict);

  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Prediction;
    using difference_type = std::ptrdiff_t;
    using pointer = const Prediction*;
    using reference = const Prediction&;
    explicit iterator(PredictionRange* range) : range_(range) {}
    const Prediction& operator*() const { return range_->current_; }
    const Prediction* operator->() const { return &range_->current_; }
    iterator& operator++() {
      if (!range_->advance()) range_ = nullptr;
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(const iterator& other) const { return range_ == other.range_; }

   private:
    PredictionRange* range_;
  };
  /// Makes the first prediction. Throws what reading or parsing the input throws, as ++ does.
  iterator begin() { return iterator(advance() ? this : nullptr); }
  iterator end() { return iterator(nullptr); }

 private:
  bool advance();

  Dataset input_;
  PredictFn predict_;
  std::unique_ptr<Predictions> batch_;  // apart, so that the views of current_ survive a move of the range
  int64_t next_ = 0;
  Prediction current_;
};

}  // namespace weft
