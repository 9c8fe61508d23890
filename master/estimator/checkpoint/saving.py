"""Checkpoints saved whole, and only if all numbers are finite."""

from typing import Any, Optional, Sequence

from absl import logging
import tensorflow.compat.v1 as tf

from master import errors


class FiniteCheck:
  """Whether all numbers of some variables are finite."""

  def __init__(self, variables: Sequence[Any]):
    """Adds the check to the current graph.

    Args:
      variables: those that are not of a floating type are left out.
    """
    self._variables = [v for v in variables if v.dtype.is_floating]
    with tf.name_scope('finite_check'):
      # [variables]
      self._are_finite = tf.stack([
          tf.reduce_all(tf.math.is_finite(v)) for v in self._variables] or [
              tf.constant(True)])

  def fault(self, session: tf.Session) -> Optional[str]:
    """Names the variables that hold NaN or an infinity; None without any."""
    are_finite = session.run(self._are_finite)
    if are_finite.all():
      return None
    names = [v.op.name for v, is_finite in zip(self._variables, are_finite)
             if not is_finite]
    more = f' and {len(names) - 1} more' if len(names) > 1 else ''
    return f'{names[0]}{more}'


def check_finite(check: FiniteCheck, session: tf.Session, directory: str,
                 step: int):
  """Raises InputError, so that no broken model becomes the newest."""
  fault = check.fault(session)
  if fault:
    raise errors.InputError(
        f'{directory}: at step {step} {fault} hold NaN or an infinity, and '
        'nothing was saved; go on from the last checkpoint with a smaller '
        '--learning_rate or with --clip_norm.')


def _remove_parts(prefix: str, is_whole: bool):
  """Removes what was begun of a checkpoint; all of it, unless `is_whole`."""
  begun = [f'{prefix}.meta.tmp*']  # The graph.
  if not is_whole:
    begun += [f'{prefix}.*', f'{prefix}_temp*']
  for path in tf.io.gfile.glob(begun):
    try:
      (tf.io.gfile.rmtree if tf.io.gfile.isdir(path)
       else tf.io.gfile.remove)(path)
    except tf.errors.OpError as e:
      logging.warning('%s could not be removed: %s', path, e)


def save(saver: tf.train.Saver, session: tf.Session, directory: str,
         base_name: str, step: int, save_graph: bool):
  """Saves a checkpoint.

  Args:
    saver: what saves.
    session: whose variables are saved.
    directory: where to.
    base_name: of the checkpoint, without its step.
    step: global step.
    save_graph: also write the graph as `.meta`.

  Raises:
    InputError: if the disk is full. What there was before is untouched, and
      of the new checkpoint nothing is left, unless it was listed already.
  """
  path = f'{directory}/{base_name}'
  try:
    saver.save(session, path, global_step=step, write_meta_graph=save_graph)
  except (tf.errors.OpError, OSError) as e:
    reason = errors.no_room(e)
    if reason is None:
      raise
    prefix = f'{path}-{step}'
    _remove_parts(prefix, tf.train.latest_checkpoint(directory) == prefix)
    raise errors.InputError(
        f'{directory}: no room for {base_name}-{step} ({reason}); the '
        'checkpoints before it are untouched. Make room, or keep fewer by '
        '--keep_checkpoints, and start the same command again.') from e
