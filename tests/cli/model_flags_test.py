"""Tests of master/cli/model_flags.py, through the commands that use it.

What the flags lead to is tested with each command.
"""

from absl.testing import absltest
from absl.testing import parameterized

from tests.support import commands


class SourceFlagsTest(parameterized.TestCase):

  def _run(self, command, *arguments):
    return commands.run('-m', f'master.cli.{command}', *arguments)

  @parameterized.parameters(
      (['--model_dir=a', '--saved_model=b'],
       '--model_dir and --saved_model'),
      (['--model_dir=a', '--checkpoint=b', '--saved_model=c'],
       '--model_dir and --checkpoint and --saved_model'))
  def test_takes_at_most_one(self, arguments, found):
    process = self._run('predict', *arguments, 'a.png')
    self.assertEqual((2, ''), (process.returncode, process.stdout))
    self.assertEqual(
        'predict: error: --model_dir, --checkpoint, --saved_model, '
        f'--onnx_model: give at most one of them, not {found}.\n',
        process.stderr)

  @parameterized.parameters('model_dir', 'saved_model')
  def test_an_empty_name_is_no_wish_for_another_model(self, name):
    process = self._run('predict', f'--{name}=', 'a.png')
    self.assertEqual((2, ''), (process.returncode, process.stdout))
    self.assertRegex(process.stderr,
                     f'^predict: error: --{name}: is empty; [^\n]*\n$')

  def test_an_exported_model_may_be_left_out(self):
    process = self._run('export', '--saved_model=a', '--export_dir=b')
    self.assertEqual(2, process.returncode)
    self.assertIn('--saved_model: no such flag', process.stderr)


if __name__ == '__main__':
  absltest.main()
