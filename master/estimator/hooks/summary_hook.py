"""A hook that writes summaries."""


import tensorflow.compat.v1 as tf


class SummaryHook(tf.train.SessionRunHook):
  """Writes the graph's summaries at the first step and every so often.

  A session prepares the graph anew for each set of things it is asked for,
  which takes seconds for a large model. Where all summaries are scalars, which
  cost nothing, this hook asks for the same at each step, unlike
  tf.train.SummarySaverHook.
  """

  def __init__(self, every_steps: int, output_dir: str,
               scaffold: tf.train.Scaffold):
    """Constructs the hook.

    Args:
      every_steps: steps between summaries.
      output_dir: of the event file.
      scaffold: its `summary_op` is what is written, if it has one.
    """
    self._timer = tf.train.SecondOrStepTimer(every_steps=every_steps)
    self._output_dir = output_dir
    self._scaffold = scaffold

  def begin(self):
    self._writer = tf.summary.FileWriterCache.get(self._output_dir)
    self._step = tf.train.get_global_step().read_value()
    self._next_step = None
    summaries = tf.get_collection(tf.GraphKeys.SUMMARIES)
    self._only_scalars = all(summary.op.type == 'ScalarSummary'
                             for summary in summaries)

  def before_run(self, run_context):
    self._due = self._next_step is None or (
        self._timer.should_trigger_for_step(self._next_step))
    if self._scaffold.summary_op is None or not (
        self._due or self._only_scalars):
      return None
    return tf.train.SessionRunArgs({'summary': self._scaffold.summary_op})

  def after_run(self, run_context, run_values):
    if not self._due:
      # Counted, as a step fetched with the train op may lack that step.
      self._next_step += 1
      return
    step = int(run_context.session.run(self._step))
    if run_values.results:
      if self._next_step is None:
        self._writer.add_session_log(
            tf.SessionLog(status=tf.SessionLog.START), step)
      self._timer.update_last_triggered_step(step)
      self._writer.add_summary(run_values.results['summary'], step)
    self._next_step = step + 1

  def end(self, session):
    self._writer.flush()
