"""The session of a training that several workers share."""

from typing import Any, Sequence

from absl import logging
import tensorflow.compat.v1 as tf

from master.estimator.distribute import cluster as cluster_lib
from master.estimator.distribute import worker_health

# A cluster's scheduler may take its time for the last machine.
START_SECONDS = 600.0
# To hear of a worker that is gone, after TensorFlow did in its own words.
_HEAR_SECONDS = 30.0
# To leave by itself when one is gone.
_LEAVE_SECONDS = 15.0


class _SessionHook(tf.train.SessionRunHook):
  """Ends what the session does, from any thread."""

  def __init__(self):
    self._session = None

  def after_create_session(self, session, coord):
    self._session = session

  def close(self):
    if self._session is not None:
      self._session.close()


def _start_watch(cluster: cluster_lib.Cluster,
                 session: _SessionHook) -> worker_health.Watch:

  def on_lost(message):
    logging.error('%s; ending', message)
    worker_health.end_process_after(_LEAVE_SECONDS, watch)
    session.close()

  worker_health.wait_for(cluster.peers, START_SECONDS)
  watch = worker_health.Watch(cluster.peers, on_lost)
  return watch


def prepare(strategy: Any, session_config: tf.ConfigProto):
  """Lets the other workers reach this one; nothing for one machine.

  Args:
    strategy: of the training.
    session_config: of its session.

  Raises:
    InputError: if this worker's port cannot be used.
  """
  cluster = cluster_lib.of(strategy)
  if cluster:
    cluster_lib.start_server(cluster, session_config)


def run(train_op: Any, strategy: Any, scaffold: tf.train.Scaffold,
        restored_dir: Any, hooks: Sequence[tf.train.SessionRunHook],
        session_config: tf.ConfigProto):
  """Runs the steps of a training together with the other workers.

  Args:
    train_op: of a step.
    strategy: of the workers.
    scaffold: of the session.
    restored_dir: of the checkpoint that it restores; None: of none.
    hooks: of the session; they must run the same in all workers.
    session_config: of the session.

  Raises:
    WorkerLostError: if a worker died or does not come.
  """
  cluster = cluster_lib.of(strategy)
  target = cluster_lib.start_server(cluster, session_config)
  raw_session = _SessionHook()
  watch = _start_watch(cluster, raw_session)
  logging.info('This is %s of %d workers', cluster.name, len(cluster.workers))
  try:
    # Other sessions would begin anew, and wait, where a worker is gone.
    with tf.train.SingularMonitoredSession(
        [raw_session, *hooks], scaffold, target, session_config,
        restored_dir) as session:
      while not session.should_stop():
        session.run(train_op)
  except tf.errors.OpError as e:
    # What is wrong with this worker alone must not wait to be reported.
    unsure = isinstance(e, (tf.errors.UnavailableError, tf.errors.AbortedError,
                            tf.errors.CancelledError, tf.errors.InternalError,
                            tf.errors.FailedPreconditionError))
    lost = watch.wait_lost(_HEAR_SECONDS) if unsure else watch.lost
    if lost:
      raise worker_health.WorkerLostError(
          f'{lost}; start all workers again to go on from the last '
          'checkpoint') from e
    raise
  finally:
    watch.stop()
