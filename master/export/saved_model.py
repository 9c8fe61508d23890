"""A checkpoint as a SavedModel that has been proved equal to it."""

import dataclasses
import os

import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.estimator.export import saved_model
from master.export import inference_graph
from master.export import predictor as predictor_lib
from master.export import publishing
from master.export import warmup
from master.models import folded_conv


def export_model(
    model: predictor_lib.Predictor, export_dir: str,
    export_config: config_lib.ExportConfig = config_lib.ExportConfig()
) -> str:
  """Exports a model as `export_dir/<version>/`, as `publishing.publish` says.

  Args:
    model: made of a checkpoint.
    export_dir: folder of versions, made if need be.
    export_config: the form in which it is served.

  Returns:
    Path of the version's folder.

  Raises:
    InputError: if export_dir cannot be written to.
    RuntimeError: if the SavedModel does not read as the model does.
  """
  config = dataclasses.replace(model.config, export=export_config)

  def write(folder: str):
    with _served(model, config) as served:
      _write(served, folder)

  return publishing.publish(model, export_dir, write,
                            predictor_lib.Predictor.from_saved_model)


def _served(model: predictor_lib.Predictor,
            config: config_lib.Config) -> predictor_lib.Predictor:
  """The model in the form in which it is served, in a session of its own."""
  graph = tf.Graph()
  session = predictor_lib.new_session(graph)
  with graph.as_default():
    built = inference_graph.build_inference_graph(config)
    recognizer = built.recognizer
    pairs = folded_conv.values(recognizer, recognizer.variables,
                               model.variable_values())
    # In one run: each new set of fetches prunes the whole graph anew.
    session.run([variable.initializer for variable, _ in pairs],
                {variable.initial_value: value for variable, value in pairs})
  return predictor_lib.Predictor(config, model.name, session,
                                 built.signatures)


def _write(model: predictor_lib.Predictor, folder: str):
  """Writes graph, variables, configuration and warm-up requests."""
  with model.session.graph.as_default():
    signatures = {
        name: tf.saved_model.predict_signature_def(signature.inputs,
                                                   signature.outputs)
        for name, signature in model.signatures.items()}
    saved_model.write(folder, model.session, signatures, clear_devices=True)
  config_lib.write(model.config,
                   os.path.join(folder, predictor_lib.EXTRA_DIR))
  warmup.write(folder, warmup.make_requests(
      publishing.sample_bytes(), publishing.sample_images(model.config.model)))
