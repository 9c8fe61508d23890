"""A training of days on a machine that is killed often.

  tools/long_training/train --plan=flags/long_training/pretrained.json \\
      --folder=/data/long

starts it, or goes on where it was, whatever was killed when. SIGTERM and SIGINT
save and end it; the exit status is then 143 or 130, and 0 where all is done.
docs/long_training.md tells of the plan and of what lies in the folder.
"""

import argparse
import logging
import os
import pathlib
import sys
from typing import Optional, Sequence

from master import errors
from tools.long_training import commands as commands_lib
from tools.long_training import folder as folder_lib
from tools.long_training import plan as plan_lib
from tools.long_training import report
from tools.long_training import supervisor

ROOT = str(pathlib.Path(__file__).resolve().parents[2])


def _options(arguments: Optional[Sequence[str]]) -> argparse.Namespace:
  parser = argparse.ArgumentParser(
      prog='long_training', description=__doc__,
      formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('--plan', required=True, help='JSON file: what to do')
  parser.add_argument(
      '--folder', required=True, help='where all of it lies; made if need be')
  parser.add_argument('--check', action='store_true',
                      help='check the plan, print what it comes to, and end')
  parser.add_argument('--report', action='store_true',
                      help='print the evaluations so far, and end')
  parser.add_argument('--tell_seconds', type=float, default=60,
                      help='seconds between progress lines (60)')
  parser.add_argument('--nice', type=int, choices=range(20), default=19,
                      metavar='0..19',
                      help='nice value of all processes; 19 (the default) '
                      'leaves the processors to other work')
  return parser.parse_args(arguments)


def _main(options: argparse.Namespace) -> int:
  plan = plan_lib.read(options.plan)
  folder = folder_lib.Folder(options.folder)
  if options.report:
    print(report.stages(plan, folder.step()) + '\n\n'
          + report.evaluations(folder.metrics('evaluation')))
    return 0
  plan_lib.check_paths(plan, ROOT)
  commands = commands_lib.Commands(plan, folder, ROOT)
  supervisor.check_flags(commands, ROOT, options.plan)
  if options.check:
    print(report.stages(plan, folder.step()))
    return 0
  # Those that it starts have the same.
  os.setpriority(os.PRIO_PROCESS, 0, max(
      options.nice, os.getpriority(os.PRIO_PROCESS, 0)))
  folder.make()
  folder.lock()
  return supervisor.Supervisor(plan, folder, commands, ROOT,
                               supervisor.Pace(options.tell_seconds)).run()


def main(arguments: Optional[Sequence[str]] = None) -> int:
  """Runs the command; returns its exit status."""
  options = _options(arguments)
  logging.basicConfig(
      stream=sys.stderr, level=logging.INFO, force=True,
      format='%(asctime)s %(levelname)s %(message)s', datefmt='%H:%M:%S')
  try:
    return _main(options)
  except errors.InputError as e:
    print(f'long_training: error: {" ".join(str(e).split())}', file=sys.stderr)
    return 2


if __name__ == '__main__':
  sys.exit(main())
