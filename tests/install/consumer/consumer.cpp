// Learns y = [x > 0] with two layers: uses the tape, oneDNN and an optimizer of an installed weft.
#include <weft/weft.h>

#include <cstdio>

int main() {
  weft::ParameterStore params;
  const weft::Dense hidden(params, {.name = "hidden", .inputs = 1, .units = 8, .activation = weft::relu});
  const weft::Dense logits(params, {.name = "logits", .inputs = 8, .units = 1});
  const weft::Optimizer optimizer = weft::adagrad({.learning_rate = 0.1f});
  const float labels[] = {0, 0, 1, 1};
  float first = 0, last = 0;
  for (int step = 0; step < 100; ++step) {
    weft::Tape tape;
    const weft::Var x = tape.constant(weft::Tensor({4, 1}, {-2, -1, 1, 2}));
    const weft::Var loss = weft::sigmoid_cross_entropy(logits(hidden(x)), labels);
    tape.backward(loss);
    optimizer.step(params);
    last = loss.item();
    if (step == 0) first = last;
  }
  std::printf("%s\n", last < first / 2 ? "loss fell" : "loss did not fall");
}
