"""Commands that the documentation shows have the flags it gives them."""

import importlib
import pathlib
import re
import shlex
from typing import Iterator, NamedTuple

from absl import flags
from absl.testing import absltest
from absl.testing import parameterized

from tests.support import flag_registry

ROOT = pathlib.Path(__file__).resolve().parents[2]
_COMMAND = re.compile(r'(?:bin|data_tools)/(\w+)$')
_CODE_SPAN = re.compile(r'`([^`]+)`', re.DOTALL)
# What a user is to put in its place.
_PLACEHOLDER = re.compile(r'^(|N|\.\.\.|[A-Z_]{3,}|\$.*|<.*>)$')


class Command(NamedTuple):
  place: str
  name: str
  arguments: tuple[str, ...]


def _split(text: str) -> list[str]:
  lexer = shlex.shlex(text, posix=True, punctuation_chars='|;&><')
  lexer.whitespace_split = True
  lexer.commenters = '#'
  try:
    return list(lexer)
  except ValueError:  # An apostrophe: no command line.
    return []


def _pieces(text: str) -> Iterator[str]:
  """Logical lines of code blocks, and code spans of the prose."""
  text = text.replace('\\\n', ' ')
  yield from re.findall(r'^(?: {4}|\$ )(\S.*)$', text, re.MULTILINE)
  for block in re.findall(r'^```.*?\n(.*?)^```', text,
                          re.MULTILINE | re.DOTALL):
    yield from block.splitlines()
  prose = re.sub(r'^```.*?^```', '', text, flags=re.MULTILINE | re.DOTALL)
  yield from (span.replace('\n', ' ') for span in _CODE_SPAN.findall(prose))


def commands(path: pathlib.Path) -> list[Command]:
  """Of bin/ and data_tools/, with what stands behind them up to an operator."""
  found = []
  for piece in _pieces(path.read_text()):
    current = None
    for word in _split(piece):
      match = _COMMAND.search(word)
      if match and not word.startswith('-'):
        current = []
        found.append((match.group(1), current))
      elif word[:1] in ('|', ';', '&', '>', '<'):
        current = None
      elif current is not None:
        current.append(word)
  return [Command(f'{path.relative_to(ROOT)}', name, tuple(arguments))
          for name, arguments in found]


PAGES = (ROOT / 'README.md', *sorted(ROOT.glob('docs/*.md')))
COMMANDS = [command for path in PAGES for command in commands(path)]


def _fault(argument: str) -> str:
  """What is wrong with `--name=value`; '' if nothing is."""
  name, _, value = argument.lstrip('-').partition('=')
  if name == 'flagfile':  # Absl knows it where commands are started alone.
    return '' if not value.startswith('flags/') or (
        ROOT / value).is_file() else f'{argument}: no such file'
  known = flags.FLAGS._flags()
  if name not in known:
    if name.startswith('no') and name[2:] in known and (
        known[name[2:]].boolean) and '=' not in argument:
      return ''
    return f'{argument}: no such flag'
  if '=' not in argument:
    return ''  # A boolean, or named in prose.
  if _PLACEHOLDER.match(value):
    return ''
  try:
    known[name].parser.parse(value)
  except (ValueError, TypeError) as e:
    return f'{argument}: {e}'
  return ''


class CommandsTest(parameterized.TestCase):

  def test_there_are_many(self):
    self.assertGreater(len(COMMANDS), 30)
    self.assertContainsSubset(
        {'train', 'eval', 'predict', 'export', 'import_checkpoint',
         'create_lmdb', 'check_lmdb', 'render_lmdb', 'plot_metrics'},
        {command.name for command in COMMANDS})
    self.assertGreater(sum(len(c.arguments) for c in COMMANDS), 60)

  @parameterized.parameters(
      *sorted({command.name for command in COMMANDS}))
  def test_flags_are_there_and_take_the_values(self, name):
    flag_registry.isolate(self)
    importlib.import_module(f'master.cli.{name}').define_flags()
    faults = [f'{command.place}: {_fault(argument)}' for command in COMMANDS
              if command.name == name for argument in command.arguments
              if argument.startswith('-') and _fault(argument)]
    self.assertEmpty(faults)

  def test_flags_named_alone_are_those_of_a_command(self):
    named = {}
    for path in PAGES:
      for span in _CODE_SPAN.findall(path.read_text()):
        match = re.match(r'--(?:no)?(\w+)(=\S*)?$', span)
        if match:
          named[match.group(1)] = path.name
    self.assertGreater(len(named), 50)
    known = set()
    for path in (ROOT / 'bin', ROOT / 'data_tools'):
      for command in path.iterdir():
        if command.name == 'BUILD':
          continue
        before = flag_registry.isolate(self)
        importlib.import_module(f'master.cli.{command.name}').define_flags()
        known |= set(flags.FLAGS)
        for name in set(flags.FLAGS) - before:
          delattr(flags.FLAGS, name)
    self.assertEmpty({name: page for name, page in named.items()
                      if name not in known})

  def test_faults_are_found(self):
    flag_registry.isolate(self)
    importlib.import_module('master.cli.train').define_flags()
    for argument in ('--learningrate=1', '--optimizer=sgd', '--train_steps=x',
                     '--nolearning_rate', '--flagfile=flags/model/none.flags'):
      self.assertNotEmpty(_fault(argument), argument)
    for argument in ('--learning_rate=1', '--noxla', '--xla',
                     '--flagfile=flags/model/tiny.flags', '--train_steps=N'):
      self.assertEmpty(_fault(argument), argument)


if __name__ == '__main__':
  absltest.main()
