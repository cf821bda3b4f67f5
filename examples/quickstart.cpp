// The README's program: two columns that share one embedding table, and a classifier on top.
#include <weft/weft.h>

#include <iostream>
using namespace weft;

int main() {
  const auto watched =
      categorical_column_with_vocabulary_file({.key = "watched_video_id", .vocabulary_file = "videos.txt"});
  const auto shown =
      categorical_column_with_vocabulary_file({.key = "impression_video_id", .vocabulary_file = "videos.txt"});
  const auto columns = shared_embedding_columns({watched, shown}, {.dimension = 10});
  const auto label = numeric_column({.key = "clicked"});

  DNNClassifier classifier({.hidden_units = {64, 32}, .feature_columns = columns, .model_dir = "model"});

  const auto input_fn = [&] {
    return read_examples({.files = "train-*.tfrecord",
                          .spec = make_parse_example_spec(columns, label),
                          .label = "clicked",
                          .batch_size = 128,
                          .shuffle_buffer = 10'000});
  };
  classifier.train(input_fn, {.steps = 100});
  std::cout << classifier.evaluate(input_fn) << '\n';
}
