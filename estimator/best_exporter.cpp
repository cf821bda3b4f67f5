// BestExporter: compares, copies, remembers.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/estimator/best_exporter.h>
#include <weft/io/atomic_file.h>
#include <weft/io/model_directory.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace weft {

namespace {

namespace fs = std::filesystem;

constexpr size_t kCopyBytes = 1 << 20;

// Checkpoints are written once and then only deleted: a second name for the same bytes is a copy that costs nothing.
// False where the file system has no such names, or the directories are on two of them.
bool link_checkpoint(const std::string& from, const std::string& to) {
  const std::string temporary = fmt::format("{}.tmp-{}", to, ::getpid());
  std::error_code error;
  fs::remove(temporary, error);
  fs::create_hard_link(from, temporary, error);
  if (error) return false;
  fs::rename(temporary, to, error);
  std::error_code ignored;
  fs::remove(temporary, ignored);  // rename leaves it where both were one file already
  return !error;
}

void copy_checkpoint(const std::string& from, const std::string& to) {
  errno = 0;
  std::ifstream in(from, std::ios::binary);
  AtomicFile out(to);
  std::vector<char> bytes(kCopyBytes);
  while (in) {
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.write({bytes.data(), static_cast<size_t>(in.gcount())});
  }
  if (!in.eof()) {
    throw IoError(fmt::format("[BestExporter] {}: can't read: {}. Check that the checkpoint is there.", from,
                              errno != 0 ? std::strerror(errno) : "no reason given"));
  }
  out.commit();
}

std::string text_of(const Metrics& metrics) {
  std::string text;
  for (const auto& [name, value] : metrics) text += fmt::format("{} = {}\n", name, value);
  return text;
}

CompareFn metric_better(std::string name, double sign) {
  return [name = std::move(name), sign](const Metrics& best, const Metrics& current) {
    return sign * current[name] < sign * best[name];
  };
}

}  // namespace

bool loss_smaller(const Metrics& best, const Metrics& current) {
  return current["loss"] < best["loss"];
}
CompareFn metric_smaller(std::string name) {
  return metric_better(std::move(name), 1.0);
}
CompareFn metric_larger(std::string name) {
  return metric_better(std::move(name), -1.0);
}

BestExporter::BestExporter(BestExporterOptions options) : options_(std::move(options)) {
  const std::string& name = options_.name;
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    throw ValueError(fmt::format(
        "[BestExporter] name: got '{}', expected the name of a folder. Leave it out, or give a word.", name));
  }
  if (!options_.compare_fn) {
    throw ValueError(
        "[BestExporter] `compare_fn` must not be None.: got an empty function. Give metric_larger(\"auc\").");
  }
  if (options_.exports_to_keep < 0) {
    throw ValueError(fmt::format(
        "[BestExporter] `exports_to_keep`, if provided, must be a positive number. Got {}. Give 0 to keep all.",
        options_.exports_to_keep));
  }
}

std::string BestExporter::directory(const std::string& model_dir) const {
  return fmt::format("{}/export/{}", model_dir, options_.name);
}

std::optional<Metrics> BestExporter::best(const std::string& model_dir) const {
  const std::string path = directory(model_dir) + "/best_metrics";
  std::ifstream file(path);
  if (!file) return std::nullopt;
  Metrics metrics;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const size_t at = line.rfind(" = ");
    char* end = nullptr;
    const double value = at == std::string::npos ? 0.0 : std::strtod(line.c_str() + at + 3, &end);
    if (at == std::string::npos || end == line.c_str() + at + 3 || *end != '\0') {
      throw DataError(fmt::format(
          "[BestExporter] {}, line {}: got '{}', expected 'metric = number'. Delete the file to start comparing anew.",
          path, number, line));
    }
    metrics.set(line.substr(0, at), value);
  }
  return metrics;
}

std::optional<std::string> BestExporter::export_if_better(const std::string& model_dir, const std::string& checkpoint,
                                                          int64_t step, const Metrics& metrics) const {
  const std::optional<Metrics> before = best(model_dir);
  if (before && !options_.compare_fn(*before, metrics)) return std::nullopt;
  ModelDirectory exports(directory(model_dir));
  const std::string to = exports.checkpoint_path(step);
  if (!link_checkpoint(checkpoint, to)) copy_checkpoint(checkpoint, to);
  exports.record(step, options_.exports_to_keep);
  write_file(exports.path() + "/best_metrics", text_of(metrics));
  return to;
}

#ifndef DOCTEST_CONFIG_DISABLE
namespace {

// A file whose text says its step.
std::string make_checkpoint(const TestDirectory& directory, int64_t step) {
  return directory.put(fmt::format("model.ckpt-{}.h5", step), fmt::format("checkpoint {}", step));
}

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

Metrics metrics_of(double loss, double auc = 0.5) {
  Metrics metrics;
  metrics.set("loss", loss);
  metrics.set("auc", auc);
  return metrics;
}

}  // namespace

TEST_CASE("best exporter: better checkpoints are copied, the newest kept, over several lives") {
  const TestDirectory model;
  const auto exported = [&](int64_t step, double loss) {
    const BestExporter exporter({.exports_to_keep = 2});  // a new one each time: as after a restart
    return exporter.export_if_better(model.path, make_checkpoint(model, step), step, metrics_of(loss)).has_value();
  };
  CHECK(exported(10, 0.5));
  CHECK_FALSE(exported(20, 0.5));
  CHECK(exported(30, 0.4));
  CHECK(exported(40, 0.1 + 0.2));
  CHECK_FALSE(exported(50, 0.1 + 0.2));
  const std::string directory = BestExporter().directory(model.path);
  CHECK(directory == model.path + "/export/best_exporter");
  const ModelDirectory exports(directory);
  CHECK(exports.latest() == exports.checkpoint_path(40));
  fs::remove(model.path + "/model.ckpt-40.h5");
  CHECK(contents(exports.checkpoint_path(40)) == "checkpoint 40");
  CHECK(fs::exists(exports.checkpoint_path(30)));
  CHECK_FALSE(fs::exists(exports.checkpoint_path(10)));
}

TEST_CASE("best exporter: another metric, the same step again") {
  const TestDirectory model;
  const BestExporter exporter({.name = "auc", .compare_fn = metric_larger("auc")});
  CHECK(exporter.export_if_better(model.path, make_checkpoint(model, 1), 1, metrics_of(1.0, 0.6)));
  CHECK_FALSE(exporter.export_if_better(model.path, make_checkpoint(model, 2), 2, metrics_of(0.5, 0.6)));
  CHECK(exporter.export_if_better(model.path, make_checkpoint(model, 1), 1, metrics_of(2.0, 0.7)));
  CHECK((*exporter.best(model.path))["auc"] == 0.7);
  CHECK(metric_smaller("auc")(metrics_of(1, 0.5), metrics_of(1, 0.4)));
}

TEST_CASE("best exporter: a plain copy is as good, and needs a checkpoint") {
  const TestDirectory model;
  const std::string from = make_checkpoint(model, 1), to = model.path + "/copy";
  copy_checkpoint(from, to);
  CHECK(contents(to) == "checkpoint 1");
  CHECK_THROWS_AS(BestExporter().export_if_better(model.path, model.path + "/none", 1, metrics_of(1)), IoError);
  CHECK_FALSE(BestExporter().best(model.path));
}

TEST_CASE("best exporter: what can't be") {
  CHECK_THROWS_AS(BestExporter({.name = "../x"}), ValueError);
  CHECK_THROWS_AS(BestExporter({.compare_fn = nullptr}), ValueError);
  CHECK_THROWS_WITH_AS(BestExporter({.exports_to_keep = -1}), doctest::Contains("must be a positive number. Got -1"),
                       ValueError);
  const TestDirectory model;
  fs::create_directories(BestExporter().directory(model.path));
  write_file(BestExporter().directory(model.path) + "/best_metrics", "loss = 1\nloss 2\n");
  CHECK_THROWS_WITH_AS(BestExporter().best(model.path), doctest::Contains("line 2: got 'loss 2'"), DataError);
}
#endif

}  // namespace weft
