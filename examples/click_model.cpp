// The planted click model: how videos are made, users drawn, and clicks decided.
#include "click_model.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace {

constexpr std::array<std::string_view, 12> kGenres = {"astronomy", "chess",     "cooking", "cycling",
                                                      "football",  "gardening", "history", "jazz",
                                                      "knitting",  "sailing",   "travel",  "woodwork"};
constexpr float kSpread = 0.1f;     // of a video's factors around its genre's
constexpr float kPickiness = 4.0f;  // how strongly users prefer what is near to them
constexpr float kBias = -2.8f;
constexpr float kSlope = 5.0f;
constexpr float kQuality = 0.5f;

float dot(const Factors& a, const Factors& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0f);
}

Factors unit(Factors x) {
  const float norm = std::sqrt(dot(x, x));
  for (float& value : x) value /= norm;
  return x;
}

/// a + scale * b
Factors blend(Factors a, float scale, const Factors& b) {
  for (int k = 0; k < kFactors; ++k) a[k] += scale * b[k];
  return a;
}

Factors random_factors(Draws& draws) {
  Factors x;
  for (float& value : x) value = draws.normal();
  return x;
}

}  // namespace

ClickModel::ClickModel(int64_t videos, uint64_t seed) {
  Draws draws({.seed = seed, .stream = weft::stream_of("videos")});
  for (size_t g = 0; g < kGenres.size(); ++g) genre_factors_.push_back(unit(random_factors(draws)));
  float total = 0.0f;
  for (int64_t video = 0; video < videos; ++video) {
    const int genre = static_cast<int>(draws.below(kGenres.size()));
    genres_.push_back(genre);
    factors_.push_back(unit(blend(genre_factors_[genre], kSpread, random_factors(draws))));
    quality_.push_back(kQuality * draws.normal());
    total += 1.0f / static_cast<float>(video + 3);
    popularity_.push_back(total);
  }
}

std::string ClickModel::name(int64_t video) const {
  static constexpr std::string_view letters = "abcdefghijkmnpqrstuvwxyz23456789";
  // An odd factor permutes the 32-bit numbers, so no two videos share a name.
  uint32_t bits = (static_cast<uint32_t>(video) + 12345u) * 2654435769u;
  std::string name;
  for (int i = 0; i < 7; ++i, bits >>= 5) name += letters[bits & 31];
  return name;
}

std::string_view ClickModel::genre(int64_t video) const {
  return kGenres[static_cast<size_t>(genres_[video])];
}

Factors ClickModel::draw_user(Draws& draws) const {
  const Factors& first = genre_factors_[draws.below(kGenres.size())];
  const Factors& second = genre_factors_[draws.below(kGenres.size())];
  return unit(blend(first, draws.uniform(), second));
}

int64_t ClickModel::draw_popular(Draws& draws) const {
  const float u = draws.uniform() * popularity_.back();
  const auto found = std::upper_bound(popularity_.begin(), popularity_.end(), u);
  return std::min<int64_t>(found - popularity_.begin(), videos() - 1);
}

int64_t ClickModel::draw_liked(const Factors& user, Draws& draws) const {
  for (;;) {
    const int64_t video = draw_popular(draws);
    if (draws.uniform() < std::exp(kPickiness * (dot(user, factors_[video]) - 1.0f))) return video;
  }
}

void ClickModel::draw(Draws& draws, Impression& out) const {
  const Factors user = draw_user(draws);
  out.watched.resize(static_cast<size_t>(5 + draws.below(31)));
  for (int64_t& video : out.watched) video = draw_liked(user, draws);
  // Half of what is shown was chosen for the user, half is what everybody sees.
  out.shown = draws.uniform() < 0.5f ? draw_liked(user, draws) : draw_popular(draws);
  out.logit = kBias + kSlope * dot(user, factors_[out.shown]) + quality_[out.shown];
  out.clicked = draws.uniform() < 1.0 / (1.0 + std::exp(-out.logit));
}

double exact_auc(const std::vector<double>& scores, const std::vector<bool>& clicked) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] < scores[b]; });
  double unclicked = 0.0, pairs_in_order = 0.0;
  for (const size_t i : order) {
    if (clicked[i])
      pairs_in_order += unclicked;
    else
      unclicked += 1.0;
  }
  return pairs_in_order / (unclicked * (static_cast<double>(scores.size()) - unclicked));
}
