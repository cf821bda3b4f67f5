// Prints predictions and neighbours.
#include "click_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace {

constexpr int64_t kUsers = 6;
constexpr int64_t kVideos = 6;
constexpr size_t kNeighbours = 5;

/// "chess 12, jazz 3, ...": the two most frequent genres of some videos.
std::string genres_of(const std::vector<int64_t>& videos, const ClickModel& model) {
  std::map<std::string_view, int> counts;
  for (const int64_t video : videos) ++counts[model.genre(video)];
  std::vector<std::pair<int, std::string_view>> order;
  for (const auto& [genre, count] : counts) order.emplace_back(count, genre);
  std::sort(order.rbegin(), order.rend());
  std::string text = fmt::format("{} {}", order[0].second, order[0].first);
  if (order.size() > 1) text += fmt::format(", {} {}", order[1].second, order[1].first);
  return text + (order.size() > 2 ? ", ..." : "");
}

/// Cosine of the angle between two rows.
float cosine(std::span<const float> a, std::span<const float> b) {
  const auto dot = [](auto x, auto y) { return std::inner_product(x.begin(), x.end(), y.begin(), 0.0f); };
  return dot(a, b) / std::sqrt(dot(a, a) * dot(b, b));
}

std::vector<int64_t> neighbours(const weft::RowsView& table, int64_t video) {
  std::vector<std::pair<float, int64_t>> order;
  for (int64_t other = 0; other < table.rows; ++other) {
    if (other != video) order.emplace_back(cosine(table.row(video), table.row(other)), other);
  }
  std::partial_sort(order.begin(), order.begin() + kNeighbours, order.end(), std::greater<>());
  std::vector<int64_t> nearest;
  for (size_t i = 0; i < kNeighbours; ++i) nearest.push_back(order[i].second);
  return nearest;
}

/// The one table of the model, which both columns read.
const weft::Parameter& shared_table(const weft::DNNClassifier& classifier) {
  const auto& params = classifier.params();
  return *std::find_if(params.begin(), params.end(), [](const weft::Parameter& p) { return p.table(); });
}

}  // namespace

void print_predictions(weft::DNNClassifier& classifier, const ClickModel& model) {
  Draws draws({.seed = 7, .stream = weft::stream_of("new users")});
  std::vector<Impression> users(kUsers);
  weft::Features features;
  std::vector<std::vector<std::string_view>> watched(kUsers), shown(kUsers);
  for (int64_t i = 0; i < kUsers; ++i) {
    model.draw(draws, users[i]);
    for (const int64_t video : users[i].watched) watched[i].push_back(features.keep(model.name(video)));
    shown[i].push_back(features.keep(model.name(users[i].shown)));
  }
  features["watched_video_id"] = weft::sparse_feature(watched);
  features["impression_video_id"] = weft::sparse_feature(shown);
  weft::Predictions predictions;
  classifier.predict(features, predictions);

  fmt::print("   {:34} {:20} {:>12} {:>10}\n", "watched", "is shown", "P(click)", "planted");
  for (int64_t i = 0; i < kUsers; ++i) {
    const auto is_shown = fmt::format("{} {}", model.name(users[i].shown), model.genre(users[i].shown));
    fmt::print("   {:34} {:20} {:12.2f} {:10.2f}\n", genres_of(users[i].watched, model), is_shown,
               predictions.logistic[i], 1.0 / (1.0 + std::exp(-users[i].logit)));
  }
}

void print_neighbours(const weft::DNNClassifier& classifier, const ClickModel& model) {
  const weft::RowsView table = shared_table(classifier).value();
  const int64_t popular = std::min<int64_t>(500, model.videos());
  int64_t same_genre = 0;
  for (int64_t video = 0; video < popular; ++video) {
    const std::vector<int64_t> nearest = neighbours(table, video);
    for (const int64_t other : nearest) same_genre += model.genre(other) == model.genre(video);
    if (video >= kVideos) continue;
    fmt::print("   {} {:10}", model.name(video), model.genre(video));
    for (const int64_t other : nearest) fmt::print("  {}", model.genre(other));
    fmt::print("\n");
  }
  fmt::print(
      "   Of the neighbours of the {} most popular videos, {:.0f} % have the same genre; by chance it would be 8 %.\n",
      popular, 100.0 * static_cast<double>(same_genre) / static_cast<double>(popular * kNeighbours));
}

void print_counts(const std::vector<weft::ColumnCounts>& counts) {
  for (const auto& [column, c] : counts) {
    fmt::print("   {}: {} values, {} out of vocabulary, {} negative, {} of weight 0, {} of {} bags empty\n", column,
               c.values, c.out_of_vocabulary, c.negative_ids, c.pruned_weights, c.empty_bags, c.bags);
  }
}
