"""Tests of tools/long_training/folder.py."""

import json
import os
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized

from master import errors
from tests.support import commands
from tools.long_training import folder as folder_lib

_LOCKS = '''
import sys, time
from tools.long_training import folder
held = folder.Folder(sys.argv[1])
held.lock()
print('locked', flush=True)
time.sleep(1000)
'''


class FolderTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = folder_lib.Folder(
        os.path.join(self.create_tempdir().full_path, 'new'))
    self.folder.make()

  def write(self, name, text):
    path = os.path.join(self.folder.path, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as f:
      f.write(text)

  def test_a_killed_process_leaves_no_lock(self):
    process = subprocess.Popen(
        [sys.executable, '-c', _LOCKS, self.folder.path], text=True,
        stdout=subprocess.PIPE,
        env={**os.environ, 'PYTHONPATH': str(commands.ROOT)})
    try:
      self.assertEqual('locked\n', process.stdout.readline())
      with self.assertRaisesRegex(
          errors.InputError, f'process {process.pid} works there'):
        self.folder.lock()
    finally:
      process.kill()
      process.communicate()
    self.folder.lock()
    self.folder.unlock()
    self.folder.lock()

  @parameterized.parameters('{"kind": "evalu', '{"kind": "evaluation"}', '')
  def test_a_torn_line_is_mended(self, last):
    whole = {'kind': 'evaluation', 'step': 1}
    self.write('metrics.jsonl', json.dumps(whole) + '\n' + last)
    self.folder.repair_metrics()
    self.folder.append({'kind': 'evaluation', 'step': 3})
    expected = [whole, *([{'kind': 'evaluation'}] if last.endswith('}')
                         else []), {'kind': 'evaluation', 'step': 3}]
    self.assertEqual(expected, self.folder.metrics('evaluation'))

  def test_step_and_progress_of_the_training(self):
    self.assertEqual(0, self.folder.step())
    self.assertEqual({}, self.folder.progress())
    self.write('model/checkpoint',
               'model_checkpoint_path: "model.ckpt-240"\n'
               'all_model_checkpoint_paths: "model.ckpt-120"\n')
    self.assertEqual(240, self.folder.step())
    lines = [{'kind': 'train', 'step': 100, 'values': {'loss': 2.0}},
             {'kind': 'train', 'step': 200, 'values': {'loss': 1.5}},
             {'kind': 'end', 'step': 240, 'values': {}}]
    self.write('model/metrics.jsonl',
               ''.join(json.dumps(line) + '\n' for line in lines) + '{"torn')
    self.assertEqual({'loss': 1.5, 'step': 200}, self.folder.progress())
    self.assertEqual({'loss': 2.0, 'step': 100}, self.folder.progress(199))

  def test_cleans_what_was_begun_alone(self):
    for name in ('shards/.00-1.tmp/data.mdb', 'shards/00-2/data.mdb',
                 'averaged/.removed-STEP-1/x', 'averaged/STEP-2/x',
                 'pending/weights/x'):
      self.write(name, '')
    self.folder.clean()
    self.assertEqual(['00-2'], os.listdir(self.folder.shards))
    self.assertEqual(['STEP-2'], os.listdir(self.folder.averaged))
    self.assertFalse(os.path.exists(self.folder.pending))
    folder_lib.remove(os.path.join(self.folder.shards, '00-2'))
    self.assertEmpty(os.listdir(self.folder.shards))

  def test_json_files(self):
    self.assertIsNone(self.folder.read_json('a.json'))
    self.folder.write_json('a.json', {'b': [1]})
    self.assertEqual({'b': [1]}, self.folder.read_json('a.json'))
    self.write('a.json', '{')
    with self.assertRaisesRegex(errors.InputError, 'a.json: is no JSON'):
      self.folder.read_json('a.json')

  def test_no_folder_where_a_file_is(self):
    self.write('file', '')
    with self.assertRaisesRegex(errors.InputError, '--folder=.*file: cannot'):
      folder_lib.Folder(os.path.join(self.folder.path, 'file')).make()


if __name__ == '__main__':
  absltest.main()
