// Wide and deep: crossed columns remember what sells in which country, a shared embedding knows who likes what.
#include <weft/weft.h>

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <random>
using namespace weft;

constexpr int64_t kArticles = 500, kTopics = 10;

/// Readers who read three articles of one topic are shown another; they open it if the topic is theirs, or if it is
/// what their country talks about on their device: a rule for single pairs, which only the crossing can learn.
Rows readers(uint64_t seed, int64_t count) {
  const std::vector<std::string> countries = {"at", "be", "ch", "de", "fr", "it"}, devices = {"phone", "tablet", "web"};
  std::mt19937_64 random(seed);
  const auto draw = [&](int64_t n) { return static_cast<int64_t>(random() % static_cast<uint64_t>(n)); };
  std::vector<std::vector<int64_t>> read;
  std::vector<int64_t> shown, opened;
  std::vector<std::string> country, device;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t topic = draw(kTopics), c = draw(6), d = draw(3);
    const auto article = [&](int64_t of) { return draw(kArticles / kTopics) * kTopics + of; };
    read.push_back({article(topic), article(topic), article(topic)});
    shown.push_back(article(draw(2) == 0 ? topic : draw(kTopics)));
    country.push_back(countries[static_cast<size_t>(c)]);
    device.push_back(devices[static_cast<size_t>(d)]);
    const double wish = (shown.back() % kTopics == topic ? 1.5 : -1.5) + ((c * 7 + d * 5) % 4 == 0 ? 2.0 : -1.0);
    opened.push_back(static_cast<double>(draw(1'000'000)) / 1e6 < 1.0 / (1.0 + std::exp(-wish)));
  }
  return {{"read", read}, {"shown", shown}, {"country", country}, {"device", device}, {"opened", opened}};
}

int main(int argc, char** argv) {
  const int64_t examples = argc > 1 ? std::atoll(argv[1]) : 200'000;
  if (examples < 1000) {
    std::cerr << "usage: wide_and_deep [EXAMPLES, at least 1000]\n";
    return 1;
  }
  const auto read = categorical_column_with_identity({.key = "read", .num_buckets = kArticles});
  const auto shown = categorical_column_with_identity({.key = "shown", .num_buckets = kArticles});
  DNNLinearCombinedClassifier classifier(
      {.linear_feature_columns = {crossed_column({"country", "device"}, {.hash_bucket_size = 1000})},
       .linear_optimizer = ftrl({.learning_rate = 0.2f}),
       .dnn_feature_columns = shared_embedding_columns({read, shown}, {.dimension = 8}),
       .dnn_optimizer = adagrad({.learning_rate = 0.2f}),
       .dnn_hidden_units = {32, 16}});
  const Rows train = readers(1, examples), held_out = readers(2, examples / 10);
  classifier.train([&] { return rows_in_memory(train, {.label = "opened", .shuffle_buffer = 10'000, .repeat = 3}); });
  std::cout << classifier.evaluate([&] { return rows_in_memory(held_out, {.label = "opened"}); }) << '\n';
}
