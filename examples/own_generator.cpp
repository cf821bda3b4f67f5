// Data from a function of one's own: whatever fills a Batch is a data set.
#include <weft/weft.h>

#include <iostream>
#include <random>
using namespace weft;

constexpr int64_t kVideos = 1000, kGenres = 10;

/// Users who watched three videos of one genre are shown another video; they like it if it is of their genre.
Dataset viewers(uint64_t seed, int64_t batches) {
  return Dataset([random = std::mt19937_64(seed), batches](Batch& batch) mutable {
    if (batches-- == 0) return false;
    std::vector<std::vector<int64_t>> watched(128);
    std::vector<int64_t> shown, liked;
    for (auto& videos : watched) {
      const auto genre = static_cast<int64_t>(random() % kGenres);
      const auto video = [&] { return static_cast<int64_t>(random() % (kVideos / kGenres)) * kGenres; };
      videos = {video() + genre, video() + genre, video() + genre};
      const int64_t shown_genre = random() % 2 == 0 ? genre : static_cast<int64_t>(random() % kGenres);
      shown.push_back(video() + shown_genre);
      liked.push_back(shown_genre == genre);
    }
    batch.features["watched"] = sparse_feature(watched);
    batch.features["shown"] = dense_feature(shown);
    batch.labels = dense_feature(liked);
    return true;
  });
}

int main() {
  const auto watched = categorical_column_with_identity({.key = "watched", .num_buckets = kVideos});
  const auto shown = categorical_column_with_identity({.key = "shown", .num_buckets = kVideos});
  DNNClassifier classifier({.hidden_units = {32, 16},
                            .feature_columns = shared_embedding_columns({watched, shown}, {.dimension = 16}),
                            .optimizer = adagrad({.learning_rate = 0.1f})});
  classifier.train([] { return viewers(1, 600); });
  std::cout << classifier.evaluate([] { return viewers(2, 50); }) << '\n';
}
