// The rows of a table that are nearest to given vectors, by looking at all of them.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/nearest_rows.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace weft {
namespace {

bool nearer(const Neighbor& a, const Neighbor& b, Similarity similarity) {
  if (a.score != b.score) return similarity == Similarity::l2 ? a.score < b.score : a.score > b.score;
  return a.row < b.row;
}

double norm(std::span<const double> row) {
  double sum = 0;
  for (const double number : row) sum += number * number;
  return std::sqrt(sum);
}

double score(std::span<const double> query, double query_norm, std::span<const double> row, Similarity similarity) {
  double dot = 0, distance = 0;
  for (size_t i = 0; i < row.size(); ++i) {
    dot += query[i] * row[i];
    distance += (query[i] - row[i]) * (query[i] - row[i]);
  }
  if (similarity == Similarity::l2) return std::sqrt(distance);
  if (similarity == Similarity::dot) return dot;
  const double norms = query_norm * norm(row);
  return norms == 0 ? 0 : dot / norms;
}

/// The k nearest so far; the farthest of them lies on top of the heap.
void keep(std::vector<Neighbor>& nearest, const Neighbor& neighbor, const NearestRowsOptions& options) {
  const auto before = [&](const Neighbor& a, const Neighbor& b) { return nearer(a, b, options.similarity); };
  if (std::isnan(neighbor.score)) return;
  if (static_cast<int64_t>(nearest.size()) == options.k) {
    if (!before(neighbor, nearest.front())) return;
    std::ranges::pop_heap(nearest, before);
    nearest.pop_back();
  }
  nearest.push_back(neighbor);
  std::ranges::push_heap(nearest, before);
}

const TensorInfo& find_matrix(const NamedTensors& tensors, std::string_view name) {
  const TensorInfo* info = tensors.find(name);
  if (info == nullptr || info->shape.size() != 2 || size_of(info->type) == 0) {
    throw DataError(fmt::format("[nearest_rows] {}: '{}' {}, expected a matrix of numbers.", tensors.where(), name,
                                info == nullptr ? "is not there" : "is none"));
  }
  return *info;
}

}  // namespace

std::optional<Similarity> similarity_of(std::string_view name) {
  if (name == "cosine") return Similarity::cosine;
  if (name == "dot") return Similarity::dot;
  if (name == "l2") return Similarity::l2;
  return std::nullopt;
}

std::vector<std::vector<Neighbor>> nearest_rows(const NamedTensors& tensors, std::string_view name,
                                                std::span<const float> queries, const NearestRowsOptions& options) {
  const TensorInfo& info = find_matrix(tensors, name);
  const auto width = static_cast<size_t>(info.width());
  if (options.k < 1 || width == 0 || queries.size() % width != 0) {
    throw ValueError(
        fmt::format("[nearest_rows] '{}' has rows of {} numbers: got {} numbers of queries and k = {}, "
                    "expected whole rows and k of at least 1.",
                    name, width, queries.size(), options.k));
  }
  const std::vector<double> wanted(queries.begin(), queries.end());
  const auto query = [&](size_t i) { return std::span(wanted).subspan(i * width, width); };
  std::vector<std::vector<Neighbor>> nearest(queries.size() / width);
  std::vector<double> norms, numbers;
  for (size_t i = 0; i < nearest.size(); ++i) norms.push_back(norm(query(i)));
  for_each_piece(tensors, info, [&](const TensorPiece& piece) {
    numbers.resize(static_cast<size_t>(piece.rows) * width);
    to_doubles(info.type, piece.bytes, numbers);
    for (int64_t r = 0; r < piece.rows && (options.rows < 0 || piece.first + r < options.rows); ++r) {
      const auto row = std::span<const double>(numbers).subspan(static_cast<size_t>(r) * width, width);
      for (size_t i = 0; i < nearest.size(); ++i) {
        keep(nearest[i], {piece.first + r, score(query(i), norms[i], row, options.similarity)}, options);
      }
    }
    if (options.progress) options.progress(static_cast<int64_t>(piece.bytes.size()));
  });
  for (auto& rows : nearest) {
    std::ranges::sort(rows, [&](const Neighbor& a, const Neighbor& b) { return nearer(a, b, options.similarity); });
  }
  return nearest;
}

TEST_CASE("nearest rows: cosine, dot and distance by hand; ties in row order; NaN never") {
  static const std::vector<float> table = {1, 0, 0, 2, 3, 3, 1, 0, std::nanf(""), 0, 0, 0};
  const NamedTensors tensors({.where = "memory",
                              .format = "test",
                              .tensors = {{"table", TensorType::float32, {6, 2}}, {"bias", TensorType::float32, {2}}},
                              .read_rows = [](size_t, int64_t first, int64_t, std::span<std::byte> out) {
                                std::memcpy(out.data(), table.data() + first * 2, out.size());
                              }});
  const std::vector<float> queries = {1, 0, 0, 1};
  const auto rows = [&](Similarity similarity, int64_t k, int64_t rows = -1) {
    std::vector<int64_t> out;
    const NearestRowsOptions options{.k = k, .similarity = similarity, .rows = rows};
    const auto nearest = nearest_rows(tensors, "table", queries, options);
    for (const Neighbor& neighbor : nearest[0]) out.push_back(neighbor.row);
    return out;
  };
  CHECK(rows(Similarity::cosine, 3) == std::vector<int64_t>{0, 3, 2});
  CHECK(rows(Similarity::dot, 2) == std::vector<int64_t>{2, 0});
  CHECK(rows(Similarity::l2, 9) == std::vector<int64_t>{0, 3, 5, 1, 2});
  CHECK(rows(Similarity::l2, 9, 2) == std::vector<int64_t>{0, 1});
  const auto both = nearest_rows(tensors, "table", queries, {.k = 1, .similarity = Similarity::l2});
  REQUIRE(both.size() == 2);
  CHECK(both[1][0].row == 1);
  CHECK(both[1][0].score == 1);
  CHECK_THROWS_AS(nearest_rows(tensors, "bias", queries), DataError);
  CHECK_THROWS_AS(nearest_rows(tensors, "none", queries), DataError);
  CHECK_THROWS_AS(nearest_rows(tensors, "table", queries, {.k = 0}), ValueError);
  CHECK(!similarity_of("euclid"));
}

}  // namespace weft
