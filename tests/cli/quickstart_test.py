"""Tests of the quickstart's faults; `make quickstart SHORT=1` runs it all."""

import os

from absl.testing import absltest

from tests.support import commands


class QuickstartTest(absltest.TestCase):

  def test_a_stage_that_fails_ends_it_with_its_own_message(self):
    folder = self.create_tempdir().full_path
    # An LMDB that is there is not rendered again; this one is none.
    for name in ('train_lmdb', 'eval_lmdb'):
      os.makedirs(os.path.join(folder, name))
    process = commands.run('-m', 'master.cli.quickstart', '--short',
                           f'--output_dir={folder}')
    self.assertEqual(2, process.returncode, process.stderr)
    self.assertIn('$ bin/eval', process.stderr)
    self.assertIn('eval_lmdb', process.stderr)
    self.assertIn('bin/eval ended with exit status 2',
                  process.stderr.splitlines()[-1])
    self.assertNotIn('Traceback', process.stderr)


if __name__ == '__main__':
  absltest.main()
