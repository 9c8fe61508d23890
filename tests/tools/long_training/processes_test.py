"""Tests of tools/long_training/processes.py."""

import os
import signal
import subprocess
import sys
import time

from absl.testing import absltest

from tests.support import commands
from tools.long_training import processes

# Prints a line, and then waits.
_WAITS = 'import time; print("here"); time.sleep(1000)'
# Starts a process for a folder and is killed; the child hears no SIGTERM.
_LEAVES = '''
import os, signal, sys
from tools.long_training import processes
folder = sys.argv[1]
processes.start([sys.executable, '-c',
    'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);'
    'print("here", flush=True); time.sleep(1000)'],
    folder, folder + '/log', folder, death_signal=int(sys.argv[2]))
while 'here' not in open(folder + '/log').read(): pass
os.kill(os.getpid(), signal.SIGKILL)
'''


class ProcessesTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = os.path.realpath(self.create_tempdir().full_path)
    self.log = os.path.join(self.folder, 'log')
    self.addCleanup(processes.end_marked, self.folder, 0)

  def child(self, code):
    return processes.Child('train', [sys.executable, '-c', code], self.folder,
                           self.log, str(commands.ROOT))

  def wait_for(self, condition):
    deadline = time.monotonic() + 60
    while not condition():
      self.assertLess(time.monotonic(), deadline)
      time.sleep(0.02)

  def logged(self):
    with open(self.log, encoding='utf-8') as f:
      return f.read()

  def test_status_output_and_cost(self):
    child = self.child('import os, sys, time\nprint("x: error: no")\n'
                       'print("later")\nsum(range(10**6))\n'
                       'sys.exit(7)')
    self.wait_for(lambda: child.poll() is not None)
    self.assertEqual(7, child.status)
    self.assertEqual('x: error: no', child.last_words())
    self.assertGreater(child.processor_seconds(), 0)
    self.assertEndsWith(self.logged(), 'later\n')

  def test_its_session_has_its_nice_value_too(self):
    # Against other sessions the nice value of a process counts for nothing.
    if not os.access('/proc/self/autogroup', os.W_OK):
      self.skipTest('This kernel has no autogroups.')
    show = ('import os\nprint(os.nice(0), '
            'open("/proc/self/autogroup").read().split()[-1:])')
    code = ('import os, sys\nfrom tools.long_training import processes\n'
            'os.nice(7)\nprocesses.start([sys.executable, "-c", '
            f'{show!r}], "f", {self.log!r}, ".").wait()')
    subprocess.run([sys.executable, '-c', code], cwd=commands.ROOT, check=True)
    nice = min(19, os.nice(0) + 7)
    if self.logged() == f'{nice} []\n':
      self.skipTest('This session has no autogroup.')
    self.assertEqual(f"{nice} ['{nice}']\n", self.logged())

  def test_the_fault_is_that_of_this_process(self):
    with open(self.log, 'w', encoding='utf-8') as f:
      f.write('an earlier error: yes\n')
    child = self.child('print("all well")')
    self.wait_for(lambda: child.poll() is not None)
    self.assertEqual('all well', child.last_words())

  def test_a_running_one_is_counted_and_ended(self):
    child = self.child('print("here")\nwhile True: pass')
    self.wait_for(lambda: child.processor_seconds() > 0)
    self.assertIsNone(child.poll())
    child.end(signal.SIGTERM, 60)
    self.assertEqual(-signal.SIGTERM, child.status)

  def test_one_that_does_not_listen_is_killed(self):
    child = self.child('import signal, time\n'
                       'signal.signal(signal.SIGTERM, signal.SIG_IGN)\n'
                       'print("here", flush=True)\ntime.sleep(1000)')
    self.wait_for(lambda: 'here' in self.logged())
    child.end(signal.SIGTERM, 0)
    self.assertEqual(-signal.SIGKILL, child.status)

  def test_only_those_of_the_folder_are_found_and_ended(self):
    child = self.child(_WAITS)
    other = subprocess.Popen(
        [sys.executable, '-c', _WAITS], stdout=subprocess.DEVNULL,
        env={**os.environ, 'MASTER_LONG_TRAINING': self.folder + 'x'})
    self.addCleanup(other.wait)
    self.addCleanup(other.kill)
    self.wait_for(lambda: os.path.exists(self.log) and 'here' in self.logged())
    self.assertEqual([child.pid], processes.marked(self.folder))
    processes.end_marked(self.folder, 60)
    self.assertEmpty(processes.marked(self.folder))
    self.assertEqual(-signal.SIGTERM, child.poll())
    self.assertIsNone(other.poll())

  def leave(self, number):
    done = subprocess.run(
        [sys.executable, '-c', _LEAVES, self.folder, str(int(number))],
        check=False, env={**os.environ, 'PYTHONPATH': str(commands.ROOT)})
    self.assertEqual(-signal.SIGKILL, done.returncode)

  def test_ends_with_a_parent_that_is_killed(self):
    self.leave(signal.SIGKILL)
    self.wait_for(lambda: not processes.marked(self.folder))

  def test_what_outlives_its_parent_is_ended_by_the_next(self):
    self.leave(signal.SIGTERM)  # Which it does not hear.
    self.assertLen(processes.marked(self.folder), 1)
    processes.end_marked(self.folder, 0)
    self.assertEmpty(processes.marked(self.folder))


if __name__ == '__main__':
  absltest.main()
