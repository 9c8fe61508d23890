"""Tests of master/cli/app.py, with a small command run as a process."""

import os
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized

from tests.support import commands

COMMAND = '''"""Does one thing.

And says so.
"""
import logging
import sys

from absl import flags
from absl import logging as absl_logging

from master import errors
from master.cli import app


def define_flags():
  flags.DEFINE_integer('number', 2, 'How many, in things.', lower_bound=1)
  flags.DEFINE_string('what', None, 'What to do.', required=True)

  def check(values):
    if values['what'] == 'nothing' and values['number'] == 7:
      raise flags.ValidationError('--what=nothing: not with --number=7.')
    return True
  flags.register_multi_flags_validator(['number', 'what'], check)


class InvalidArgumentError(Exception):
  """As TensorFlow wraps what Python code under its ops raises."""
InvalidArgumentError.__module__ = 'tensorflow.python.framework.errors_impl'


def main(flags_obj, arguments):
  logging.info('number is %d', flags_obj.number)
  if flags_obj.what == 'log':
    absl_logging.info('from absl')
  if flags_obj.what == 'input':
    raise errors.InputError('file.txt: bad\\nline; mend it.')
  if flags_obj.what == 'wrapped':
    raise InvalidArgumentError(
        'Node: PyFunc\\nInputError: x.mdb: torn; mend it.\\nTraceback\\n'
        'master.errors.InputError: x.mdb: torn; mend it.')
  if flags_obj.what == 'crash':
    raise OSError('disk on fire')
  if flags_obj.what == 'full':
    with open('/dev/full', 'w') as f:
      f.write('x')
  if flags_obj.what == 'interrupt':
    raise KeyboardInterrupt
  if flags_obj.what == 'status':
    return flags_obj.number
  if flags_obj.what == 'flood':
    for i in range(100000):
      print('line', i)
  if flags_obj.what == 'modules':
    print('tensorflow' in sys.modules)
  print(flags_obj.number, *arguments)


app.run(main, define_flags, __doc__, positional=POSITIONAL)
'''


class AppTest(parameterized.TestCase):

  def _command(self, positional='FILE...'):
    text = COMMAND.replace('POSITIONAL', repr(positional))
    return self.create_tempfile('tool.py', text).full_path

  def _run(self, *arguments, positional='FILE...'):
    return commands.run(self._command(positional), *arguments)

  def test_help_shows_the_docstring_and_own_flags(self):
    process = self._run('--help')
    self.assertEqual(0, process.returncode)
    self.assertEqual('', process.stderr)
    for text in ('Does one thing.', 'Usage: tool [flags] FILE...',
                 '--number\n      How many, in things.', '(default: 2)',
                 '--what', '--flagfile'):
      self.assertIn(text, process.stdout)
    self.assertNotIn('verbosity', process.stdout)

  def test_passes_flags_and_arguments_in_any_order(self):
    process = self._run('a', '--what=x', '-', '--number=5')
    self.assertEqual((0, '5 a -\n'), (process.returncode, process.stdout))
    self.assertRegex(process.stderr,
                     r'^\d\d:\d\d:\d\d INFO number is 5\n$')

  def test_shows_what_absl_logs(self):
    self.assertRegex(
        self._run('--what=log').stderr,
        r'^[0-9:]+ INFO number is 2\n[0-9:]+ INFO from absl\n$')

  def test_reads_a_flagfile(self):
    path = self.create_tempfile('f.flags', '# why\n--number=3\n').full_path
    process = self._run('--what=x', f'--flagfile={path}')
    self.assertEqual((0, '3\n'), (process.returncode, process.stdout))

  def test_leaves_tensorflow_alone(self):
    self.assertEqual('False\n2\n', self._run('--what=modules').stdout)

  @parameterized.parameters(
      (['--what=x', '--number=many'], "--number=many: invalid literal"),
      (['--what=x', '--number=0'], '--number=0: '),
      (['--what=x', '--nummer=1'], '--nummer: no such flag'),
      (['--what'], '--what'),
      ([], '--what: required'),
      (['--what=nothing', '--number=7'], '--what=nothing: not with'),
      (['--flagfile=/absent.flags'], '--flagfile: .*/absent.flags'),
  )
  def test_wrong_flags_are_one_line(self, arguments, message):
    process = self._run(*arguments)
    self.assertEqual((2, ''), (process.returncode, process.stdout))
    self.assertRegex(process.stderr, f'^tool: error: {message}[^\n]*\n$')

  def test_refuses_arguments_where_there_are_none(self):
    process = self._run('--what=x', 'stray', positional='')
    self.assertEqual(2, process.returncode)
    self.assertRegex(process.stderr, "^tool: error: 'stray'[^\n]*\n$")

  @parameterized.parameters(
      ('input', 'file.txt: bad line; mend it.'),
      ('wrapped', 'x.mdb: torn; mend it.'),
      ('full', 'no room on the disk ([Errno 28] No space left on device); '
       'make some and start the same command again.'))
  def test_input_errors_are_one_line(self, what, message):
    process = self._run(f'--what={what}')
    self.assertEqual(2, process.returncode)
    self.assertEqual([f'tool: error: {message}'],
                     process.stderr.splitlines()[1:])

  def test_other_errors_show_where(self):
    process = self._run('--what=crash')
    self.assertEqual(1, process.returncode)
    self.assertIn('Traceback', process.stderr)
    self.assertTrue(process.stderr.endswith('OSError: disk on fire\n'))

  def test_interruption_is_one_line(self):
    process = self._run('--what=interrupt')
    self.assertEqual(130, process.returncode)
    self.assertEqual(['tool: interrupted'], process.stderr.splitlines()[1:])

  def test_status_is_what_main_returns(self):
    self.assertEqual(
        6, self._run('--what=status', '--number=6').returncode)

  def test_a_reader_that_leaves_is_no_fault(self):
    process = subprocess.Popen(
        [sys.executable, self._command(), '--what=flood'],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, 'PYTHONPATH': str(commands.ROOT)})
    self.assertEqual(b'line 0\n', process.stdout.readline())
    process.stdout.close()
    self.assertNotIn(b'BrokenPipe', process.stderr.read())
    process.stderr.close()
    self.assertEqual(1, process.wait())


if __name__ == '__main__':
  absltest.main()
