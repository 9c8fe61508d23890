"""Defaults, contradictions and copies of RunConfig."""

from absl.testing import absltest
from absl.testing import parameterized

from master.estimator import run_config


class RunConfigTest(parameterized.TestCase):

  def test_threads(self):
    config = run_config.session_config(4)
    self.assertEqual((4, 4), (config.intra_op_parallelism_threads,
                              config.inter_op_parallelism_threads))

  def test_operations_side_by_side_share_the_threads(self):
    for threads, side_by_side, each in ((8, 2, 4), (3, 2, 1), (1, 2, 1)):
      config = run_config.session_config(threads, side_by_side)
      self.assertEqual((each, side_by_side), (
          config.intra_op_parallelism_threads,
          config.inter_op_parallelism_threads))
      self.assertTrue(config.allow_soft_placement)

  def test_gpus(self):
    config = run_config.session_config()
    self.assertNotIn('GPU', config.device_count)
    self.assertFalse(config.gpu_options.allow_growth)
    self.assertEqual(
        0, run_config.session_config(use_gpu=False).device_count['GPU'])
    self.assertTrue(run_config.session_config(
        share_gpu=True).gpu_options.allow_growth)

  def test_saves_by_time_unless_told_otherwise(self):
    self.assertEqual(600, run_config.RunConfig().save_checkpoints_secs)
    config = run_config.RunConfig(save_checkpoints_steps=7)
    self.assertIsNone(config.save_checkpoints_secs)
    config = run_config.RunConfig(save_checkpoints_secs=None)
    self.assertIsNone(config.save_checkpoints_secs)
    self.assertIsNone(config.save_checkpoints_steps)

  def test_both_ways_of_saving(self):
    with self.assertRaisesRegex(ValueError, 'not both'):
      run_config.RunConfig(save_checkpoints_steps=7, save_checkpoints_secs=11)

  def test_replace(self):
    config = run_config.RunConfig(model_dir='a', save_checkpoints_steps=7)
    by_time = config.replace(save_checkpoints_secs=11, tf_random_seed=3)
    self.assertEqual((None, 11, 3, 'a'), (
        by_time.save_checkpoints_steps, by_time.save_checkpoints_secs,
        by_time.tf_random_seed, by_time.model_dir))
    by_steps = by_time.replace(save_checkpoints_steps=5)
    self.assertEqual((5, None), (by_steps.save_checkpoints_steps,
                                 by_steps.save_checkpoints_secs))
    self.assertEqual(7, config.save_checkpoints_steps)

  @parameterized.parameters('save_summary_steps', 'save_checkpoints_steps',
                            'log_step_count_steps', 'examples_per_step')
  def test_out_of_range(self, name):
    with self.assertRaisesRegex(ValueError, f'{name}=0'):
      run_config.RunConfig(**{name: 0})


if __name__ == '__main__':
  absltest.main()
