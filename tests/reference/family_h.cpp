// Family H: checkpoints of TensorFlow and Keras.
#include "families.h"
#include "unsupported.h"

namespace weft::reference {

void run_family_h(const Fixture&, Report&) {
  throw Unsupported("no code for the checkpoints of TensorFlow and Keras");
}

}  // namespace weft::reference
