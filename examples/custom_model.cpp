// A model and a training loop of one's own: the same shared table, without an estimator.
#include <weft/weft.h>

#include <iostream>
using namespace weft;

/// Rows of the shared table side by side, a hidden layer, one logit.
struct Network {
  ParameterStore params{{.seed = 42}};
  InputLayer input;
  Dense hidden;
  Dense logits;

  explicit Network(const std::vector<FeatureColumn>& columns)
      : input(params, columns),
        hidden(params, {.name = "hidden_0", .inputs = input.width(), .units = 64, .activation = relu}),
        logits(params, {.name = "logits", .inputs = 64, .units = 1}) {}

  Var operator()(Tape& tape, const Batch& batch) const { return logits(hidden(input(tape, batch.features))); }
};

int main() {
  const auto watched =
      categorical_column_with_vocabulary_file({.key = "watched_video_id", .vocabulary_file = "videos.txt"});
  const auto shown =
      categorical_column_with_vocabulary_file({.key = "impression_video_id", .vocabulary_file = "videos.txt"});
  const auto columns = shared_embedding_columns({watched, shown}, {.dimension = 10, .combiner = Combiner::sqrtn});
  const auto label = numeric_column({.key = "clicked"});
  const auto input_fn = [&](uint64_t seed) {
    return read_examples({.files = "train-*.tfrecord",
                          .spec = make_parse_example_spec(columns, label),
                          .label = "clicked",
                          .batch_size = 128,
                          .shuffle_buffer = 10'000,
                          .seed = seed});
  };
  Network network(columns);
  const Optimizer optimizer = adagrad({.learning_rate = 0.05f});

  for (uint64_t epoch = 1; epoch <= 3; ++epoch) {
    double total = 0.0;
    int64_t examples = 0;
    for (const Batch& batch : input_fn(epoch)) {
      Tape tape;
      const Var loss = sigmoid_cross_entropy(network(tape, batch), batch.labels);
      tape.backward(loss);
      optimizer.step(network.params);
      total += loss.item();
      examples += batch.size;
    }
    std::cout << "epoch " << epoch << ": average loss " << total / static_cast<double>(examples) << '\n';
  }
  save_checkpoint("custom_model.h5", network.params);
}
