"""Tests of bin/eval, run as a process."""

import json
import os
import tempfile

from absl.testing import absltest
import lmdb

from master.evaluation import protocols
from tests import commands
from tests import model_files

LABELS = ['abc', 'Déf', '!', 'too long for it', 'g', 'ab', 'b', 'c']


def _write_lmdb(path, images, labels):
  """The standard layout."""
  with lmdb.open(path, map_size=1 << 20) as env, env.begin(
      write=True) as transaction:
    transaction.put(b'num-samples', str(len(images)).encode())
    for i, (image, label) in enumerate(zip(images, labels), 1):
      transaction.put(b'image-%09d' % i, image)
      if label is not None:
        transaction.put(b'label-%09d' % i, label.encode())


class EvalTest(absltest.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    folder = tempfile.TemporaryDirectory()
    cls.addClassCleanup(folder.cleanup)
    cls.model_dir, cls.whole, cls.broken = (
        os.path.join(folder.name, name) for name in ('m', 'whole', 'broken'))
    cls.prefix = model_files.write_tiny_model_dir(cls.model_dir)
    images = [model_files.encoded_image(i) for i in range(len(LABELS))]
    _write_lmdb(cls.whole, images, LABELS)
    _write_lmdb(cls.broken, [images[0], b'junk', images[2]],
                ['abc', 'a', None])

  def _eval(self, *arguments):
    return commands.run('-m', 'master.cli.eval',
                        f'--model_dir={self.model_dir}', *arguments)

  def test_counts_every_record(self):
    folder = os.path.join(self.create_tempdir().full_path, 'report')
    process = self._eval(
        f'--eval_lmdb=Whole={self.whole},Broken={self.broken}',
        '--batch_size=5', f'--output_dir={folder}')
    self.assertEqual(0, process.returncode, process.stderr)
    with open(os.path.join(folder, 'results.json'), encoding='utf-8') as f:
      values = json.load(f)
    self.assertEqual((self.prefix, 'abcdefg'),
                     (values['model'], values['charset']))
    whole, broken = values['sets']['Whole'], values['sets']['Broken']
    self.assertEqual((8, {}), (whole['samples'], whole['skipped']))
    self.assertEqual(
        (1, {'undecodable_image': 1, 'missing_label': 1}),
        (broken['samples'], broken['skipped']))
    self.assertEqual([7, 7, 8], [whole['protocols'][p]['samples']
                                 for p in protocols.PROTOCOLS])
    self.assertGreater(whole['images_per_second'], 0)
    with open(os.path.join(folder, 'predictions.jsonl'),
              encoding='utf-8') as f:
      rows = [json.loads(line) for line in f]
    self.assertEqual(
        [('Whole', i + 1, label) for i, label in enumerate(LABELS)]
        + [('Broken', 1, 'abc')],
        [(row['set'], row['index'], row['label']) for row in rows])
    correct = [protocols.judge(row['label'], row['text'], 'exact').correct
               for row in rows[:8]]
    self.assertEqual(sum(correct), whole['protocols']['exact']['correct'])
    self.assertLess(0, min(row['confidence'] for row in rows))
    for text in ('alnum_ci', 'case_sensitive', 'exact', 'Whole+Broken',
                 'Broken: 1 skipped: missing_label'):
      self.assertIn(text, process.stdout)

  def test_limit_takes_the_first_records(self):
    process = self._eval(f'--eval_lmdb=Whole={self.whole}', '--limit=3')
    self.assertEqual(0, process.returncode, process.stderr)
    self.assertEqual(['Whole', '3', '0'],
                     process.stdout.splitlines()[2].split()[:3])

  def test_wrong_flags_are_one_line(self):
    for arguments, message in (
        (['--eval_lmdb=/data/a'], '--eval_lmdb=/data/a: write NAME=PATH'),
        (['--eval_lmdb=A=x,A=y'], '--eval_lmdb: the name A'),
        ([], '--eval_lmdb: required'),
        (['--eval_lmdb=A=x', '--limit=0'], '--limit=0: ')):
      with self.subTest(message):
        process = self._eval(*arguments)
        self.assertEqual((2, ''), (process.returncode, process.stdout))
        self.assertRegex(process.stderr,
                         f'^eval: error: {message}[^\n]*\n$')

  def test_a_folder_that_is_no_lmdb_is_one_line(self):
    folder = self.create_tempdir().full_path
    process = self._eval(f'--eval_lmdb=A={folder}',
                         f'--output_dir={folder}/report')
    self.assertEqual((2, ''), (process.returncode, process.stdout))
    self.assertRegex(process.stderr, f'^eval: error: .*{folder}[^\n]*\n$')
    self.assertEmpty(os.listdir(os.path.join(folder, 'report')))

  def test_a_set_without_a_usable_record_is_one_line(self):
    path = os.path.join(self.create_tempdir().full_path, 'junk')
    _write_lmdb(path, [b'junk', b'more'], ['a', 'b'])
    process = self._eval(f'--eval_lmdb=A={path}')
    self.assertEqual(2, process.returncode)
    self.assertRegex(process.stderr.splitlines()[-1],
                     f'^eval: error: {path}: not one usable record')
    self.assertNotIn('Traceback', process.stderr)


if __name__ == '__main__':
  absltest.main()
