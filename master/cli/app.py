"""Start of every command: flag parsing, exit status, logs, error lines.

A command's module imports TensorFlow inside `main`, so that `--help` and a
wrong flag answer at once.
"""

import logging
import os
import re
import sys
import textwrap
from typing import Callable, NoReturn, Optional, Sequence

from absl import flags

from master import errors
from master import tensorflow_import

# (parsed flags, positional arguments) -> exit status; None stands for 0.
MainFn = Callable[[flags.FlagValues, list[str]], Optional[int]]

EXIT_FAILURE = 1
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


class _HelpFlag(flags.BooleanFlag):
  """`--help`: prints this command's own flags and ends with status 0."""

  def __init__(self, describe: Callable[[], str]):
    super().__init__('help', False, 'show this help', short_name='h')
    self._describe = describe

  def parse(self, arg):
    super().parse(arg)
    if self.value:
      print(self._describe(), flush=True)
      sys.exit(0)


def _describe_flag(flag: flags.Flag) -> str:
  prefix = '--[no]' if flag.boolean else '--'
  extra = ''
  if not flag.boolean and flag.parser.syntactic_help:
    extra = f' ({flag.parser.syntactic_help})'
  if flag.default_as_str is not None:
    default = flag.default_as_str.strip("'")
    extra += f' (default: {default})'
  text = textwrap.fill(' '.join(flag.help.split()) + extra, 78,
                       initial_indent='      ', subsequent_indent='      ')
  return f'  {prefix}{flag.name}\n{text}'


def _describe(name: str, positional: str, doc: str, own: list[str]) -> str:
  described = '\n'.join(_describe_flag(flags.FLAGS[flag])
                        for flag in sorted(own))
  return (f'{doc.strip()}\n\nUsage: {name} [flags] {positional}'.rstrip()
          + f'\n\nFlags:\n{described}\n  --flagfile\n'
          '      Reads flags from this file, one a line; later ones win.')


def _flag_fault(error: flags.Error) -> str:
  """One line that names the flag and the mend."""
  if isinstance(error, flags.UnrecognizedFlagError):
    return (f'--{error.flagname}: no such flag; --help lists them. '
            + ' '.join(str(error).split('. ')[1:]))
  return ' '.join(map(_tidy, str(error).splitlines()))


def _tidy(fault: str) -> str:
  """One fault as absl words it, without what it says twice."""
  fault = re.sub(r'^ERROR:: ', '--flagfile: ', fault)
  fault = re.sub(r'^flag --(\w+)=None: Flag --\1 must have a value.*',
                 r'--\1: required; --help tells what it takes.', fault)
  fault = re.sub(r'^Missing value for flag --(\w+)', r'--\1: needs a value.',
                 fault)
  # Our own validators name the flag themselves.
  fault = re.sub(r'^flags? .*?: (?=--)', '', fault)
  return re.sub(r'^flag --', '--', fault)


def _wrapped_input_error(error: BaseException) -> Optional[str]:
  """The InputError inside an error that TensorFlow made of it, if any.

  What Python code under `tf.numpy_function` raises reaches the caller as
  text.
  """
  if not type(error).__module__.startswith('tensorflow.'):
    return None
  found = re.search(r'\bInputError: (.+)', str(error))
  return found.group(1) if found else None


def _fail(name: str, message: str) -> int:
  line = ' '.join(message.split())
  print(f'{name}: error: {line}', file=sys.stderr)
  return EXIT_BAD_INPUT


def _reader_left() -> int:
  """Of stdout, as under `| head`: nobody reads it any more."""
  # Python flushes stdout once more at its exit and would complain there.
  os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
  return EXIT_FAILURE


def _parse(name: str, define_flags: Callable[[], None], positional: str,
           doc: str, argv: Sequence[str]) -> list[str]:
  """Defines and parses the flags; returns the positional arguments."""
  before = set(flags.FLAGS)
  define_flags()
  own = [flag for flag in flags.FLAGS if flag not in before]
  flags.DEFINE_flag(_HelpFlag(lambda: _describe(name, positional, doc, own)))
  arguments = flags.FLAGS([name, *argv[1:]])[1:]
  if arguments and not positional:
    raise errors.InputError(
        f'{arguments[0]!r}: takes no arguments beside flags; write '
        '--flag=value.')
  return arguments


def _start_logging():
  """Sends everything from level INFO to stderr with time and level."""
  logging.basicConfig(
      stream=sys.stderr, level=logging.INFO, force=True,
      format='%(asctime)s %(levelname)s %(message)s', datefmt='%H:%M:%S')
  # The graph-mode API that this project uses is deprecated throughout.
  logging.getLogger('tensorflow').setLevel(logging.ERROR)


def _call(name: str, main: MainFn, arguments: list[str],
          uses_tensorflow: bool) -> int:
  """Runs `main` and turns what it raises into an exit status."""
  try:
    if uses_tensorflow:
      tensorflow_import.import_quietly()
    status = main(flags.FLAGS, arguments)
    sys.stdout.flush()
    return int(status or 0)
  except errors.InputError as e:
    return _fail(name, str(e))
  except KeyboardInterrupt:
    print(f'{name}: interrupted', file=sys.stderr)
    return EXIT_INTERRUPTED
  except BrokenPipeError:
    return _reader_left()
  except Exception as e:  # pylint: disable=broad-except
    wrapped = _wrapped_input_error(e)
    if wrapped is not None:
      return _fail(name, wrapped)
    if errors.no_room(e):
      return _fail(name, f'no room on the disk ({e}); make some and start the '
                   'same command again.')
    logging.exception('%s failed', name)
    return EXIT_FAILURE


def run(main: MainFn, define_flags: Callable[[], None], doc: str = '',
        positional: str = '', uses_tensorflow: bool = False,
        argv: Optional[Sequence[str]] = None) -> NoReturn:
  """Runs a command and leaves the process with its exit status.

  Args:
    main: gets the parsed flags and the positional arguments; its return value
      is the exit status, None for 0. An InputError it raises becomes one line
      on stderr and exit status 2, anything else a stack trace and 1.
    define_flags: defines the command's absl flags and their validators.
    doc: what `--help` says first: the module's `__doc__`.
    positional: how the usage line calls the positional arguments; '' for a
      command that takes none, which then refuses them.
    uses_tensorflow: whether to import it, quietly, before `main` is called.
    argv: the command line, program name first; that of the process if None.
  """
  tensorflow_import.set_environment()
  argv = sys.argv if argv is None else argv
  name = os.path.splitext(os.path.basename(argv[0]))[0]
  # Results are UTF-8 in any locale, and file names are printed as they are.
  sys.stdout.reconfigure(encoding='utf-8', errors='surrogateescape')
  _start_logging()
  try:
    arguments = _parse(name, define_flags, positional, doc, argv)
  except flags.Error as e:
    sys.exit(_fail(name, _flag_fault(e)))
  except errors.InputError as e:
    sys.exit(_fail(name, str(e)))
  except BrokenPipeError:
    sys.exit(_reader_left())
  sys.exit(_call(name, main, arguments, uses_tensorflow))
