// Watched videos, made up: what two_tower.cpp learns from.
#pragma once
#include <weft/core/random.h>
#include <weft/io/rows_in_memory.h>

#include <cstdint>
#include <vector>

inline constexpr int64_t kTopics = 25, kVideos = 500;

/// Users, each with a topic (unknown to the model): five videos of it watched, the next one. Some videos are popular.
inline weft::Rows make_users(int64_t users, uint64_t stream) {
  const weft::RandomStream random{7, stream};
  uint64_t drawn = 0;
  const auto video = [&](int64_t topic) {
    const float u = random.uniform(drawn++);
    return topic + kTopics * static_cast<int64_t>(u * u * (kVideos / kTopics));
  };
  std::vector<std::vector<int64_t>> watched;
  std::vector<int64_t> next;
  for (int64_t user = 0; user < users; ++user) {
    const auto topic = static_cast<int64_t>(random.below(drawn++, kTopics));
    watched.push_back({video(topic), video(topic), video(topic), video(topic), video(topic)});
    next.push_back(video(topic));
  }
  return weft::Rows({{"watched", watched}, {"next", next}});
}
