// Retrieval with two towers on one table: what a user has watched and the video to come meet in one space.
#include <weft/weft.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numeric>
#include <string>

#include "watch_data.h"
using namespace weft;

/// One shared table, a layer on each side, directions of length 1.
struct TwoTowers {
  ParameterStore params{{.seed = 42}};
  InputLayer watched, next;
  Dense query, candidate;

  explicit TwoTowers(const FeatureColumns& columns)
      : watched(params, {columns[0]}),
        next(params, {columns[1]}),
        query(params, {.name = "query", .inputs = watched.width(), .units = 16}),
        candidate(params, {.name = "candidate", .inputs = next.width(), .units = 16}) {}
  Var queries(Tape& tape, const Features& features) const { return l2_normalize(query(watched(tape, features))); }
  Var candidates(Tape& tape, const Features& features) const { return l2_normalize(candidate(next(tape, features))); }
};

/// The share of users whose next video is among the k that lie nearest, of all videos.
double recall(const TwoTowers& towers, Dataset users, int64_t k) {
  std::vector<int64_t> ids(kVideos);
  std::iota(ids.begin(), ids.end(), 0);
  Features videos;
  videos["next"] = dense_feature(ids);
  double found = 0.0, count = 0.0;
  for (const Batch& batch : users) {
    Tape tape({.record = false});
    const Var scores =
        matmul(towers.queries(tape, batch.features), towers.candidates(tape, videos), {.transpose_b = true});
    for (int64_t b = 0; b < batch.size; ++b, ++count) {
      const std::span row = scores.value().values().subspan(static_cast<size_t>(b * kVideos), kVideos);
      const float own = row[static_cast<size_t>(batch.features.at("next").integers[static_cast<size_t>(b)])];
      found += std::ranges::count_if(row, [own](float score) { return score > own; }) < k;
    }
  }
  return found / count;
}

int main(int argc, char** argv) {
  const int64_t users = argc > 1 ? std::stoll(argv[1]) : 20'000, epochs = argc > 2 ? std::stoll(argv[2]) : 5;
  const auto column = [](const char* key) {
    return categorical_column_with_identity({.key = key, .num_buckets = kVideos});
  };
  TwoTowers towers(shared_embedding_columns({column("watched"), column("next")}, {.dimension = 16}));
  const Rows training = make_users(users, 1), held_out = make_users(1000, 2);
  std::vector<float> share(kVideos, 1.0f);  // how often each video comes next: frequent ones are negatives often
  for (const int64_t id : training.columns()[1].second.feature().integers) ++share[static_cast<size_t>(id)];
  const double before = recall(towers, rows_in_memory(held_out), 10);
  const Optimizer optimizer = adagrad({.learning_rate = 0.2f});
  for (const Batch& batch : rows_in_memory(training, {.batch_size = 256, .shuffle_buffer = users, .repeat = epochs})) {
    const auto& ids = batch.features.at("next").integers;
    std::vector<float> log_q;
    for (const int64_t id : ids) log_q.push_back(std::log(share[static_cast<size_t>(id)] / static_cast<float>(users)));
    Tape tape;
    const Var loss = in_batch_softmax_loss(
        towers.queries(tape, batch.features), towers.candidates(tape, batch.features),
        {.log_q = log_q, .candidate_ids = ids, .temperature = 0.1f, .reduction = Reduction::mean});
    tape.backward(loss);
    optimizer.step(towers.params);
  }
  std::cout << "recall@10: " << before << " before, " << recall(towers, rows_in_memory(held_out), 10) << " after\n";
}
