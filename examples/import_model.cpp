// Import and export: rows of another program's table come by their words, the model leaves as safetensors and ONNX.
#include <weft/weft.h>

#include <fstream>
#include <iostream>
#include <random>
using namespace weft;

constexpr int64_t kTopics = 25, kVideos = 500, kDimension = 8;

/// What another program learnt: videos of a topic lie together. The newest 20 it has never seen.
void write_vectors(const std::string& path) {
  std::ofstream file(path);
  file << kVideos - 20 << ' ' << kDimension << '\n';
  for (int64_t video = kVideos - 21; video >= 0; --video, file << '\n') {
    std::mt19937 random(static_cast<uint32_t>(video % kTopics));
    file << "video_" << video;
    for (int64_t d = 0; d < kDimension; ++d) file << ' ' << static_cast<double>(random() % 200) / 100 - 1;
  }
}

/// Users who watched two videos of a topic are shown another one, and click if the topic is theirs.
Rows make_users(int64_t users, uint32_t seed) {
  std::mt19937 random(seed);
  const auto video = [&](int64_t topic) { return "video_" + std::to_string(topic + kTopics * (random() % 20)); };
  std::vector<std::vector<std::string>> watched;
  std::vector<std::string> shown;
  std::vector<int64_t> clicked;
  for (int64_t user = 0; user < users; ++user) {
    const int64_t topic = random() % kTopics, other = random() % 2 == 0 ? topic : random() % kTopics;
    watched.push_back({video(topic), video(topic)});
    shown.push_back(video(other));
    clicked.push_back(other == topic);
  }
  return Rows({{"watched", watched}, {"shown", shown}, {"clicked", clicked}});
}

int main() {
  std::vector<std::string> videos;
  for (int64_t video = 0; video < kVideos; ++video) videos.push_back("video_" + std::to_string(video));
  const auto watched = categorical_column_with_vocabulary_list({.key = "watched", .vocabulary_list = videos});
  const auto shown = categorical_column_with_vocabulary_list({.key = "shown", .vocabulary_list = videos});
  const auto columns = shared_embedding_columns({watched, shown}, {.dimension = kDimension});
  const DNNClassifierOptions options{.hidden_units = {64}, .feature_columns = columns};
  DNNClassifier fresh(options), model(options);
  write_vectors("videos.vec");
  const auto counts =
      load_word_vectors("videos.vec", Vocabulary::from_list(videos), model.input_layer().table(0)->value());
  std::cout << counts.loaded << " rows loaded, " << counts.missing << " left as they were\n";
  const Rows users = make_users(4000, 1), held_out = make_users(2000, 2);
  for (DNNClassifier* each : {&fresh, &model}) {
    each->train([&] { return rows_in_memory(users, {.label = "clicked", .shuffle_buffer = 4000, .repeat = 4}); });
    const Metrics metrics = each->evaluate([&] { return rows_in_memory(held_out, {.label = "clicked"}); });
    std::cout << (each == &fresh ? "without" : "with") << " them: auc " << metrics["auc"] << '\n';
  }
  write_safetensors("model.safetensors", exported_parameters(model.params()));
  export_onnx(model, "model.onnx", {.input = OnnxInput::offsets});
  const NamedTensors file = open_tensors("model.safetensors");  // as it opens TensorFlow's, Keras' and PyTorch's files
  for (const TensorInfo& tensor : file.tensors()) std::cout << tensor.name << ' ' << tensor.size() << '\n';
}
