// A planted click model: videos and users have hidden factors, and what a user watches and clicks follows from them.
#pragma once
#include <weft/core/random.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Numbers of one random stream, taken one after the other.
class Draws {
 public:
  explicit Draws(const weft::RandomStream& stream) : stream_(stream) {}
  float uniform() { return stream_.uniform(next_++); }
  float normal() { return stream_.normal(next_++); }
  int64_t below(int64_t n) { return static_cast<int64_t>(stream_.below(next_++, static_cast<uint64_t>(n))); }

 private:
  weft::RandomStream stream_;
  uint64_t next_ = 0;
};

inline constexpr int kFactors = 8;
using Factors = std::array<float, kFactors>;

/// A user sees one video, `shown`, and clicks on it with probability 1 / (1 + exp(-logit)).
struct Impression {
  std::vector<int64_t> watched;  ///< before: 5 to 35 videos
  int64_t shown = 0;
  double logit = 0.0;
  bool clicked = false;
};

/// Videos 0, 1, 2, ... from the most to the least popular (Zipf). A video's factors lie around its genre's, a user's
/// between those of two genres. Users watch what is popular and near to them, and click on what is good and near.
class ClickModel {
 public:
  ClickModel(int64_t videos, uint64_t seed);

  int64_t videos() const { return static_cast<int64_t>(factors_.size()); }
  /// What the video is called in the data: a word that tells neither its rank nor its genre.
  std::string name(int64_t video) const;
  std::string_view genre(int64_t video) const;
  /// Fills `out`, whose memory is reused, with a user's visit.
  void draw(Draws& draws, Impression& out) const;

 private:
  Factors draw_user(Draws& draws) const;
  int64_t draw_popular(Draws& draws) const;
  int64_t draw_liked(const Factors& user, Draws& draws) const;

  std::vector<Factors> genre_factors_;
  std::vector<int> genres_;        ///< [videos]
  std::vector<Factors> factors_;   ///< [videos]
  std::vector<float> quality_;     ///< [videos]
  std::vector<float> popularity_;  ///< [videos], cumulative
};

/// The area under the ROC curve: the share of pairs of a clicked and an unclicked example that the scores order
/// rightly.
double exact_auc(const std::vector<double>& scores, const std::vector<bool>& clicked);
