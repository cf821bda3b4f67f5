// DNNClassifier: the model, training, evaluation, prediction.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/parallel.h>
#include <weft/estimator/dnn_classifier.h>
#include <weft/estimator/heads/head_metrics.h>
#include <weft/estimator/training/thread_plan.h>
#include <weft/layers/batch_norm.h>
#include <weft/layers/dense.h>
#include <weft/layers/dropout.h>

namespace weft {

namespace {

bool has_table_from(const FeatureColumns& columns, EmbeddingTable::Origin origin) {
  for (const FeatureColumn& column : columns) {
    const auto* embedding = column.get_if<EmbeddingColumn>();
    if (embedding && embedding->table->origin == origin) return true;
  }
  return false;
}

// v1 estimators take both APIs' columns, which changes the tables' names; v2 ones take v2's only.
NamingScheme naming_of(const DNNClassifierOptions& options) {
  if (options.names == NamingScheme::v2 && has_table_from(options.feature_columns, EmbeddingTable::Origin::shared_v1)) {
    throw ValueError(
        "[DNNClassifier] Received a feature column from TensorFlow v1, but this is a TensorFlow v2 Estimator: got "
        "shared_embedding_columns with the names of v2, expected shared_embeddings. Use those, or the names of v1.");
  }
  if (options.names == NamingScheme::v1 && has_table_from(options.feature_columns, EmbeddingTable::Origin::shared_v2)) {
    return NamingScheme::v1_with_v2_columns;
  }
  return options.names;
}

const DNNClassifierOptions& checked(const DNNClassifierOptions& options) {
  if (options.feature_columns.empty()) {
    throw ValueError(
        "[DNNClassifier] feature_columns must not be empty.: got no column, expected at least one. Give the model an "
        "input.");
  }
  for (int64_t units : options.hidden_units) {
    if (units > 0) continue;
    throw ValueError(
        fmt::format("[DNNClassifier] hidden_units can't be: got {}, expected at least 1. Check hidden_units.", units));
  }
  return options;
}

// Slots are called as in the scheme's checkpoints.
Optimizer named(Optimizer optimizer, NamingScheme scheme) {
  if (scheme != NamingScheme::v2) return optimizer;
  for (SlotSpec& slot : optimizer.slots) slot.name = slot.keras_name;
  return optimizer;
}

HeadOptions head_options(const DNNClassifierOptions& options) {
  return {.n_classes = options.n_classes,
          .weight_column = options.weight_column,
          .label_vocabulary = options.label_vocabulary,
          .loss_reduction = options.loss_reduction,
          .thresholds = options.thresholds,
          .metrics = options.metrics};
}

}  // namespace

struct DNNClassifier::Model {
  explicit Model(DNNClassifierOptions given)
      : options(checked(given)),
        names(naming_of(options)),
        head(head_options(options)),
        params({.seed = options.config.tf_random_seed}),
        input(params, options.feature_columns,
              {.scope = input_layer_scope(), .shared_table_name = weft::shared_table_pattern(names)}),
        layers(make_layers()),
        trainer(params, {.optimizer = named(options.optimizer, names),
                         .model_dir = options.model_dir,
                         .config = options.config,
                         .names = weft::checkpoint_names(names, options.optimizer.name),
                         .prepare = [this](Batch& batch) { input.prepare(batch.features); }}) {}

  std::vector<Dense> make_layers() {
    std::vector<Dense> made;
    int64_t inputs = input.width();
    for (size_t i = 0; i < options.hidden_units.size(); ++i) {
      made.emplace_back(params, DenseOptions{.name = hidden_layer_name(static_cast<int64_t>(i)),
                                             .inputs = inputs,
                                             .units = options.hidden_units[i],
                                             .activation = options.activation_fn});
      add_after_layer(static_cast<int64_t>(i));
      inputs = options.hidden_units[i];
    }
    made.emplace_back(params,
                      DenseOptions{.name = logits_layer_name(), .inputs = inputs, .units = head.logits_dimension()});
    return made;
  }

  // What follows a hidden layer: dropout, then batch normalisation.
  void add_after_layer(int64_t layer) {
    dropouts.emplace_back(params, DropoutLayerOptions{.name = hidden_layer_name(layer), .rate = options.dropout});
    if (!options.batch_norm) return;
    const int64_t units = options.hidden_units[static_cast<size_t>(layer)];
    norms.emplace_back(params, BatchNormLayerOptions{.name = batch_norm_name(layer), .units = units});
  }

  Var logits(Tape& tape, const Features& features) const {
    Var x = input(tape, features);
    for (size_t i = 0; i < dropouts.size(); ++i) {
      x = dropouts[i](layers[i](x));
      if (options.batch_norm) x = norms[i](x);
    }
    return layers.back()(x);
  }

  int threads() const { return options.config.threads > 0 ? options.config.threads : num_threads(); }

  Dataset open(const char* where, const InputFn& input_fn) {
    if (!input_fn) {
      throw ValueError(fmt::format("[{}] input_fn must be callable: got an empty function. Give it a body.", where));
    }
    Dataset data = input_fn();
    data.map([this](Batch& batch) { input.prepare(batch.features); });
    const ThreadPlan plan = plan_threads(threads(), flops_per_example(params));
    data.prefetch(plan.readers, plan.batches_ahead);
    return data;
  }

  // Calls f(logits) with the logits of a batch, without recording.
  template <class F>
  void forward(const Features& features, int64_t batch, F&& f) {
    const ThreadLimit limit(plan_threads(threads(), flops_per_example(params), batch).compute);
    Tape tape({.record = false});
    f(logits(tape, features).value());
  }

  DNNClassifierOptions options;
  NamingScheme names;
  Head head;
  ParameterStore params;
  InputLayer input;
  std::vector<Dropout> dropouts;
  std::vector<BatchNorm> norms;
  std::vector<Dense> layers;
  Trainer trainer;
  Targets targets;
};

DNNClassifier::DNNClassifier(DNNClassifierOptions options) : model_(std::make_unique<Model>(std::move(options))) {}
DNNClassifier::DNNClassifier(DNNClassifier&&) noexcept = default;
DNNClassifier& DNNClassifier::operator=(DNNClassifier&&) noexcept = default;
DNNClassifier::~DNNClassifier() = default;

int64_t DNNClassifier::train(const InputFn& input_fn, const TrainOptions& options) {
  Model& model = *model_;
  const ModelFn model_fn = [&model](Tape& tape, const Batch& batch) {
    const Var logits = model.logits(tape, batch.features);
    model.head.read_targets(batch.labels, batch.features, logits.shape()[0], model.targets);
    return model.head.loss(logits, model.targets);
  };
  return model.trainer.train(input_fn, model_fn, options);
}

Metrics DNNClassifier::evaluate(const InputFn& input_fn, const EvaluateOptions& options) {
  Model& model = *model_;
  if (options.steps.value_or(1) <= 0) {
    throw ValueError(fmt::format(
        "[evaluate] Must specify steps > 0, given: {}. Leave steps out to read the input to its end.", *options.steps));
  }
  model.trainer.restore();
  HeadMetrics head_metrics(model.head);
  StreamingMean loss;
  Dataset input = model.open("evaluate", input_fn);
  for (int64_t step = 0; !options.steps || step < *options.steps; ++step) {
    const Batch* batch = input.next();
    if (!batch) break;
    model.forward(batch->features, batch->size, [&](const Tensor& logits) {
      model.head.read_targets(batch->labels, batch->features, logits.shape()[0], model.targets);
      loss.add(head_metrics.add(logits, model.targets));
    });
  }
  if (loss.count() == 0.0) {
    throw ValueError(
        "[evaluate] the input has no batches: got an empty data set, expected examples. Check what input_fn returns.");
  }
  Metrics metrics = head_metrics.result();
  metrics.set("loss", loss.result());
  metrics.set("global_step", static_cast<double>(model.params.global_step));
  metrics.evaluation = options.name;
  return metrics;
}

PredictionRange DNNClassifier::predict(const InputFn& input_fn) {
  Model& model = *model_;
  model.trainer.restore();
  return PredictionRange(model.open("predict", input_fn), [&model](const Batch& batch, Predictions& out) {
    model.forward(batch.features, batch.size, [&](const Tensor& logits) { model.head.predict(logits, out); });
  });
}

void DNNClassifier::predict(const Features& features, Predictions& out) {
  model_->trainer.restore();
  model_->forward(features, 0, [&](const Tensor& logits) { model_->head.predict(logits, out); });
}

Var DNNClassifier::logits(Tape& tape, const Features& features) const {
  return model_->logits(tape, features);
}
ParameterStore& DNNClassifier::params() {
  return model_->params;
}
const ParameterStore& DNNClassifier::params() const {
  return model_->params;
}
int64_t DNNClassifier::global_step() const {
  return model_->params.global_step;
}
const std::string& DNNClassifier::model_dir() const {
  return model_->options.model_dir;
}
const Head& DNNClassifier::head() const {
  return model_->head;
}
const InputLayer& DNNClassifier::input_layer() const {
  return model_->input;
}
const CheckpointNames& DNNClassifier::checkpoint_names() const {
  return model_->trainer.options().names;
}

}  // namespace weft
