"""Judges flags of a command without doing its work.

  python -m tools.long_training.flag_check train --batch_size=8 ...

The exit status is 0 or 2, with the fault in a line on stderr, as of the
command itself. A process of its own, as absl's flags are those of a process.
"""

import sys

from master import config as config_lib
from master.cli import app
from master.cli import config_flags
from master.cli import render_lmdb
from master.cli import train


def _check_train(flags_obj, unused_arguments):
  config_flags.from_flags(config_lib.TrainConfig,
                          flags_obj).check_all_is_read()


def main(command: str, arguments: list[str]):
  """Parses `arguments` as those of a command; leaves the process."""
  if command == 'train':
    app.run(_check_train, train.define_flags, argv=['train', *arguments])
  app.run(lambda *_: None, render_lmdb.define_flags,
          argv=['render_lmdb', *arguments])


if __name__ == '__main__':
  main(sys.argv[1], sys.argv[2:])
