"""Signals: a step ends, a checkpoint is saved, handlers come back."""

import os
import signal
import threading

import tensorflow.compat.v1 as tf

from master import estimator as estimator_lib
from master.estimator.checkpoint import checkpoints
from master.estimator.hooks import stop_signals
from tests.support import linear_model

_BOTH = (signal.SIGTERM, signal.SIGINT)


class _SignalAt(tf.train.SessionRunHook):
  """Sends this process `number` amid the run numbered `at`, from 1."""

  def __init__(self, at, number=signal.SIGTERM):
    self._at = at
    self._number = number
    self.runs = 0

  def before_run(self, run_context):
    self.runs += 1
    if self.runs == self._at:
      os.kill(os.getpid(), self._number)


def _runner(save_steps=100):
  runner = linear_model.estimator()
  return estimator_lib.Estimator(
      linear_model.model_fn, runner.model_dir,
      estimator_lib.RunConfig(
          tf_random_seed=1, save_checkpoints_steps=save_steps,
          stop_signals=_BOTH))


class StopSignalsTest(tf.test.TestCase):

  def setUp(self):
    super().setUp()
    # Ignored where the tests run in a shell's background.
    self.addCleanup(signal.signal, signal.SIGINT, signal.signal(
        signal.SIGINT, signal.default_int_handler))

  def test_saves_after_step_under_way_and_resumes(self):
    for number in _BOTH:
      runner = _runner()
      before = [signal.getsignal(each) for each in _BOTH]
      with self.assertRaisesRegex(stop_signals.StoppedError,
                                  signal.Signals(number).name) as caught:
        runner.train(linear_model.input_fn(4, repeat=True),
                     hooks=[_SignalAt(3, number)], max_steps=9)
      self.assertEqual(number, caught.exception.number)
      self.assertEqual(3, checkpoints.step(runner.latest_checkpoint()))
      self.assertEqual(before, [signal.getsignal(each) for each in _BOTH])
      runner.train(linear_model.input_fn(4, repeat=True), max_steps=5)
      self.assertEqual(5, checkpoints.step(runner.latest_checkpoint()))

  def test_evaluation_in_between_ends_promptly(self):
    runner = _runner(save_steps=2)
    hook = _SignalAt(2)
    with self.assertRaises(stop_signals.StoppedError):
      estimator_lib.train_and_evaluate(
          runner, estimator_lib.TrainSpec(
              linear_model.input_fn(4, repeat=True), max_steps=9),
          estimator_lib.EvalSpec(
              linear_model.input_fn(1), steps=None, hooks=[hook],
              throttle_secs=0))
    self.assertEqual(2, hook.runs)
    self.assertEqual(2, checkpoints.step(runner.latest_checkpoint()))

  def test_second_signal_takes_the_systems_way(self):
    with stop_signals.catching(_BOTH) as received:
      os.kill(os.getpid(), signal.SIGTERM)
      self.assertEqual(signal.SIGTERM, received.number)
      for number in _BOTH:
        self.assertIs(signal.SIG_DFL, signal.getsignal(number))

  def test_ignored_signal_stays_ignored(self):
    self.addCleanup(signal.signal, signal.SIGINT,
                    signal.signal(signal.SIGINT, signal.SIG_IGN))
    with stop_signals.catching(_BOTH) as received:
      os.kill(os.getpid(), signal.SIGINT)
      self.assertIsNone(received.number)

  def test_other_threads_set_no_handler(self):
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    def listen():
      with stop_signals.catching(_BOTH) as received:
        seen.extend([signal.getsignal(signal.SIGTERM), received.number])

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    self.assertEqual([before, None], seen)


if __name__ == '__main__':
  tf.test.main()
