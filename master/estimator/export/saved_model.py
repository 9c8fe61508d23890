"""SavedModels of an Estimator."""

import os
from typing import Any, Callable, Mapping, Optional

import tensorflow.compat.v1 as tf

from master.estimator import model_fn as model_fn_lib
from master.estimator import user_functions
from master.estimator.checkpoint import warm_start
from master.estimator.export import export_output
from master.estimator.export import versions


def write(directory: str, session: tf.Session, signatures: Mapping[str, Any],
          as_text: bool = False, **options: Any):
  """Writes a session's graph, the default one, and its variables.

  Args:
    directory: an empty one, or one to make.
    session: with the variables.
    signatures: SignatureDefs by name.
    as_text: write the graph as text.
    **options: of `add_meta_graph_and_variables`.
  """
  builder = tf.saved_model.Builder(directory)
  builder.add_meta_graph_and_variables(
      session, [tf.saved_model.SERVING], signatures, strip_default_attrs=True,
      **options)
  builder.save(as_text)


def _write_restored(directory: str, signatures: Mapping[str, Any],
                    scaffold: tf.train.Scaffold, checkpoint: str, config: Any,
                    as_text: bool):
  """Writes the current graph and the values in `checkpoint`."""
  local_init_op = scaffold.local_init_op
  if local_init_op is None:
    local_init_op = tf.train.Scaffold.default_local_init_op()
  with tf.Session(config=config.session_config) as session:
    scaffold.saver.restore(session, checkpoint)
    session.run(local_init_op)
    write(directory, session, signatures, as_text,
          assets_collection=tf.get_collection(tf.GraphKeys.ASSET_FILEPATHS),
          main_op=local_init_op, saver=scaffold.saver)


def _copy_extra_assets(directory: str, assets: Mapping[str, str]):
  for name, source in assets.items():
    target = os.path.join(directory, 'assets.extra', name)
    tf.io.gfile.makedirs(os.path.dirname(target))
    tf.io.gfile.copy(source, target)


def export(model_fn: user_functions.ModelFn, config: Any, base: str,
           receiver_fn: Callable[[], Any], checkpoint: str,
           assets_extra: Optional[Mapping[str, str]] = None,
           as_text: bool = False) -> str:
  """Exports the PREDICT graph.

  Args:
    model_fn: of the model.
    config: RunConfig.
    base: directory for version folders.
    receiver_fn: makes the ServingInputReceiver in the current graph.
    checkpoint: path of the checkpoint.
    assets_extra: path below `assets.extra` to the file to copy there.
    as_text: write the graph as text.

  Returns:
    Path of the new version folder. It appears whole or not at all.

  Raises:
    InputError: if `base` cannot be written to.
  """
  with tf.Graph().as_default():
    tf.set_random_seed(config.tf_random_seed)
    tf.train.get_or_create_global_step()
    receiver = receiver_fn()
    spec = model_fn(receiver.features, None, model_fn_lib.ModeKeys.PREDICT)
    signatures = export_output.signature_defs(
        receiver, export_output.with_default(spec.export_outputs,
                                             spec.predictions))
    scaffold = warm_start.prepare_scaffold(spec.scaffold, config, checkpoint)

    def write_all(directory: str):
      _write_restored(directory, signatures, scaffold, checkpoint, config,
                      as_text)
      _copy_extra_assets(directory, assets_extra or {})

    return versions.publish(base, write_all)
