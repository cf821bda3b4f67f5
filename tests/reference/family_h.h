// Family H: checkpoints of TensorFlow and Keras, tables loaded from them, and warm starts.
#pragma once
#include "report.h"

namespace weft::reference {

void run_warm_start(const Fixture& fixture, Report& report);
/// What a checkpoint holds.
void run_checkpoint(const Fixture& fixture, Report& report);
/// Damaged checkpoints.
void run_damaged_checkpoints(const Fixture& fixture, Report& report);
/// Which checkpoint a directory stands for.
void run_checkpoint_states(const Fixture& fixture, Report& report);
/// ckpt_to_load_from.
void run_loaded_tables(const Fixture& fixture, Report& report);
/// HDF5 files of Keras.
void run_keras_files(const Fixture& fixture, Report& report);

}  // namespace weft::reference
