// Families: what each kind of case compares, one source file a family.
#pragma once
#include "fixture.h"
#include "report.h"

namespace weft::reference {

void run_family_a(const Fixture& fixture, Report& report);  ///< shared embeddings
void run_family_b(const Fixture& fixture, Report& report);  ///< the other columns
void run_family_c(const Fixture& fixture, Report& report);  ///< parsing and record files
void run_family_d(const Fixture& fixture, Report& report);  ///< errors of columns
void run_family_e(const Fixture& fixture, Report& report);  ///< names
void run_family_f(const Fixture& fixture, Report& report);  ///< optimizers
void run_family_g(const Fixture& fixture, Report& report);  ///< DNNClassifier, heads, metrics
void run_family_h(const Fixture& fixture, Report& report);  ///< checkpoints of TensorFlow and Keras
void run_family_i(const Fixture& fixture, Report& report);  ///< initializers

/// Runs a case by its family; a family without code is unsupported. Never throws.
void run_case(const std::string& data, const CaseEntry& entry, Report& report);

}  // namespace weft::reference
