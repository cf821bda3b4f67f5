// Families: from a case's family to its code.
#include "families.h"

#include "unsupported.h"

namespace weft::reference {
namespace {

using Run = void (*)(const Fixture&, Report&);

Run run_of(const std::string& family) {
  constexpr Run runs[] = {run_family_a, run_family_b, run_family_c, run_family_d, run_family_e,
                          run_family_f, run_family_g, run_family_h, run_family_i};
  if (family.size() != 1 || family[0] < 'A' || family[0] > 'I') throw Unsupported("no code for family " + family);
  return runs[family[0] - 'A'];
}

}  // namespace

void run_case(const std::string& data, const CaseEntry& entry, Report& report) {
  report.part("", [&] {
    require("family." + entry.family);
    const Run run = run_of(entry.family);
    const Fixture fixture(data, entry);
    run(fixture, report);
  });
  if (!report.failed() && !report.is_unsupported() && report.comparisons() == 0) {
    report.fail("", "nothing was compared");
  }
}

}  // namespace weft::reference
