// make_click_data DIRECTORY [EXAMPLES]: writes the demo's data set for the other examples.
#include "click_data.h"

#include <exception>
#include <iostream>

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::cerr << "usage: make_click_data DIRECTORY [EXAMPLES]\n";
    return 1;
  }
  try {
    ClickDataOptions options = {.directory = argv[1]};
    if (argc == 3) options.train_examples = std::stoll(argv[2]);
    options.eval_examples = options.train_examples / 10;
    const ClickData data = write_click_data(ClickModel(options.videos, options.seed), options);
    std::cout << data.train_examples << " examples in " << options.directory << ", AUC of the true logit "
              << data.best_auc << '\n';
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
