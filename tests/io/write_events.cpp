// Writes an event file and a projector's files for TensorBoard itself to read: write_events DIRECTORY.
#include <weft/io/events.h>
#include <weft/io/projector.h>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("write_events DIRECTORY\n", stderr), 2;
  try {
    weft::EventWriter writer({.dir = argv[1]});
    for (int step = 1; step <= 5; ++step) writer.scalar("loss", step, 8.0);
    writer.session_start(4);  // the steps from 4 on are no more
    for (int step = 4; step <= 10; ++step) writer.scalar("loss", step, 1.0 / step);
    std::vector<float> values(1000);
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 100.0f - 5.0f;
    writer.histogram("weights", 10, values);
    writer.pr_curve("pr", 10, {{4, 3, 0}, {6, 1, 0}, {0, 5, 6}, {0, 1, 4}});
    writer.text("notes", 10, "**bold**");
    writer.close();
    const weft::RowsView view{.data = values.data(), .rows = 500, .width = 2, .stride = 2};
    const auto label = [](int64_t row) { return row == 0 ? std::string("a\tb\n") : std::to_string(row); };
    const weft::ProjectorTable tables[] = {{.name = "video/shared", .values = view, .label = label}};
    weft::write_projector({.dir = argv[1], .max_rows = 100}, tables);
    weft::write_projector({.dir = std::string(argv[1]) + "/bytes", .bytes = true}, tables);
    return 0;
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "%s\n", error.what()), 1;
  }
}
