"""Tests of bin/eval, run as a process."""

import collections
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unicodedata

from absl.testing import absltest
from absl.testing import parameterized
import lmdb

from master.metrics import protocols
from tests.support import commands
from tests.support import model_files

LABELS = ['abc', 'Déf', '!', 'too long for it', 'g', 'ab', 'b', 'c']

# (label, text) -> whether it is right under alnum_ci, case_sensitive, exact,
# dtrb, master_tf and mmocr; None where the protocol leaves it out.
HAND_CASES = (
    (('', ''), (None, None, None, True, True, True)),
    (('', 'x'), (None, None, None, False, False, False)),
    (('word', ''), (False, False, False, False, False, False)),
    (('Café', 'cafe'), (True, False, False, None, False, False)),
    (('Café', 'Cafe'), (True, True, False, None, False, False)),
    (('ＡＢＣ', 'ABC'), (True, True, False, None, False, False)),
    (('two words', 'twowords'), (True, True, False, None, False, True)),
    (('two words', 'two words'), (True, True, True, None, True, True)),
    (('?!', '!?'), (None, None, False, None, False, True)),
    (("it's", 'its'), (True, True, False, None, False, True)),
    (('It', 'it'), (True, False, False, True, True, True)),
    (('x' * 200, 'x' * 200), (True, True, True, None, None, True)),
    (('x' * 25, 'x' * 24), (False, False, False, False, False, False)),
)
ALL = list(protocols.ALL)


def _write_lmdb(path, images, labels):
  """The standard layout."""
  with lmdb.open(path, map_size=1 << 26) as env, env.begin(
      write=True) as transaction:
    transaction.put(b'num-samples', str(len(images)).encode())
    for i, (image, label) in enumerate(zip(images, labels), 1):
      transaction.put(b'image-%09d' % i, image)
      if label is not None:
        transaction.put(b'label-%09d' % i, label.encode())
  return path


def _json(folder, name='results.json'):
  with open(os.path.join(folder, name), encoding='utf-8') as f:
    return json.load(f)


def _rows(folder, name='predictions.jsonl'):
  with open(os.path.join(folder, name), encoding='utf-8') as f:
    return [json.loads(line) for line in f]


def _counted_anew(rows):
  """The contract's protocols once more, by plain means.

  Returns:
    (samples, correct, sum of 1 - NED) by set and protocol.
  """
  def ascii_of(text):
    return unicodedata.normalize('NFKD', text).encode(
        'ascii', 'ignore').decode()

  folds = {'alnum_ci': lambda t: re.sub('[^a-z0-9]', '', ascii_of(t).lower()),
           'case_sensitive': lambda t: re.sub('[^A-Za-z0-9]', '',
                                              ascii_of(t)),
           'exact': lambda t: t}

  def distance(a, b):
    table = {(i, 0): i for i in range(len(a) + 1)}
    table.update({(0, j): j for j in range(len(b) + 1)})
    for i, x in enumerate(a, 1):
      for j, y in enumerate(b, 1):
        table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1,
                          table[i - 1, j - 1] + (x != y))
    return table[len(a), len(b)]

  found = collections.defaultdict(lambda: [0, 0, 0.0])
  for row in rows:
    for protocol, fold in folds.items():
      label, text = fold(row['label']), fold(row['text'])
      if label:
        sums = found[row['set'], protocol]
        sums[0] += 1
        sums[1] += label == text
        sums[2] += 1 - distance(label, text) / max(len(label), len(text))
  return found


class EvalTestCase(parameterized.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    folder = tempfile.TemporaryDirectory()
    cls.addClassCleanup(folder.cleanup)
    cls.model_dir, cls.whole, cls.broken, cls.hand = (
        os.path.join(folder.name, name)
        for name in ('m', 'whole', 'broken', 'hand'))
    cls.prefix = model_files.write_tiny_model_dir(cls.model_dir)
    images = [model_files.encoded_image(i) for i in range(13)]
    _write_lmdb(cls.whole, images[:len(LABELS)], LABELS)
    _write_lmdb(cls.broken, [images[0], b'junk', images[2]],
                ['abc', 'a', None])
    _write_lmdb(cls.hand, images, [pair[0] for pair, _ in HAND_CASES])

  def setUp(self):
    super().setUp()
    self.folder = os.path.join(self.create_tempdir().full_path, 'report')

  def _run(self, *arguments):
    return commands.run('-m', 'master.cli.eval', *arguments)

  def _eval(self, *arguments):
    return self._run(f'--model_dir={self.model_dir}', *arguments)

  def _good(self, *arguments):
    """stdout of a run that has gone well; `folder` gets its files."""
    process = self._eval(*arguments, f'--output_dir={self.folder}')
    self.assertEqual(0, process.returncode, process.stderr)
    return process.stdout


class EvalTest(EvalTestCase):

  def test_counts_every_record(self):
    table = self._good(f'--eval_lmdb=Whole={self.whole},Broken={self.broken}',
                       '--batch_size=5')
    values = _json(self.folder)
    self.assertEqual((self.prefix, 'abcdefg', False),
                     (values['model'], values['charset'], values['partial']))
    whole, broken = values['sets']['Whole'], values['sets']['Broken']
    self.assertEqual((8, 8, {}), (whole['records'], whole['samples'],
                                  whole['skipped']))
    self.assertEqual(
        (3, 1, {'undecodable_image': 1, 'missing_label': 1}),
        (broken['records'], broken['samples'], broken['skipped']))
    self.assertEqual([7, 7, 8], [whole['protocols'][p]['samples']
                                 for p in protocols.PROTOCOLS])
    self.assertGreater(whole['images_per_second'], 0)
    self.assertEqual(1, whole['latency']['batches'])
    rows = _rows(self.folder)
    self.assertEqual(
        [('Whole', i + 1, label) for i, label in enumerate(LABELS)]
        + [('Broken', 1, 'abc')],
        [(row['set'], row['index'], row['label']) for row in rows])
    for row in rows:
      self.assertBetween(row['confidence'], 0, 1)
      self.assertEqual((37, 19), (row['width'], row['height']))
      self.assertLen(row['char_confidence'], min(len(row['text']) + 1, 6))
    for text in ('alnum_ci', 'case_sensitive', 'exact',
                 'Broken: 1 skipped: missing_label',
                 'Whole and Broken have 2 pictures in common'):
      self.assertIn(text, table)
    self.assertNotIn('Whole+Broken', table)

  def test_figures_equal_a_recount_of_the_predictions(self):
    self._good(f'--eval_lmdb=Whole={self.whole},Hand={self.hand}',
               '--batch_size=3')
    sets = _json(self.folder)['sets']
    found = _counted_anew(_rows(self.folder))
    self.assertLen(found, 6)
    for (name, protocol), (samples, correct, similar) in found.items():
      values = sets[name]['protocols'][protocol]
      self.assertEqual((samples, correct),
                       (values['samples'], values['correct']))
      self.assertAlmostEqual(correct / samples, values['word_accuracy'])
      self.assertAlmostEqual(similar / samples, values['ned'])

  def test_all_that_is_skipped_or_left_out_is_listed(self):
    self._good(f'--eval_lmdb=Whole={self.whole},Broken={self.broken}')
    self.assertCountEqual(
        [('Whole', 'image-000000003', 'empty_label', 'alnum_ci'),
         ('Whole', 'image-000000003', 'empty_label', 'case_sensitive'),
         ('Broken', 'image-000000002', 'undecodable_image', None),
         ('Broken', 'image-000000003', 'missing_label', None)],
        [(row['set'], row['key'], row['reason'], row.get('protocol'))
         for row in _rows(self.folder, 'skipped.jsonl')])

  def test_limit_takes_the_first_records(self):
    process = self._eval(f'--eval_lmdb=SVT={self.whole}', '--limit=3')
    self.assertEqual(0, process.returncode, process.stderr)
    self.assertEqual(['SVT', '3', '0'],
                     process.stdout.splitlines()[2].split()[:3])
    self.assertNotIn('647', process.stdout)

  def test_an_unusual_count_is_said_aloud(self):
    process = self._eval(f'--eval_lmdb=SVT={self.whole}')
    self.assertRegex(process.stdout, 'SVT: 8 records; .*647')

  def test_replicas_read_the_same(self):
    found = []
    for count in (1, 3):
      self._good(f'--eval_lmdb=Whole={self.whole},Broken={self.broken}',
                 '--batch_size=2', f'--num_replicas={count}')
      self.assertEqual(count, _json(self.folder)['settings']['num_replicas'])
      found.append(_rows(self.folder))
    self.assertLen(found[0], 9)
    for one, other in zip(*found):
      for row in (one, other):
        # The same weights in batches of the same size; threads may add up in
        # another order.
        row['confidence'] = round(row['confidence'], 4)
        row['char_confidence'] = [round(p, 3) for p in row['char_confidence']]
      self.assertEqual(one, other)

  def test_a_set_that_fails_leaves_the_results_before_it(self):
    path = os.path.join(self.create_tempdir().full_path, 'junk')
    _write_lmdb(path, [b'junk', b'more'], ['a', 'b'])
    process = self._eval(f'--eval_lmdb=Whole={self.whole},A={path}',
                         f'--output_dir={self.folder}')
    self.assertEqual(2, process.returncode)
    self.assertRegex(process.stderr.splitlines()[-1],
                     f'^eval: error: {path}: not one usable record')
    values = _json(self.folder)
    self.assertTrue(values['partial'])
    self.assertEqual(8, values['sets']['Whole']['samples'])
    self.assertFalse(values['sets']['Whole']['partial'])
    self.assertIn('not begun: A', values['notes'])
    self.assertLen(_rows(self.folder), 8)
    self.assertIn('partial', process.stdout)


class FaultTest(EvalTestCase):

  @parameterized.parameters(
      (['--eval_lmdb=/data/a'], '--eval_lmdb=/data/a: write NAME=PATH'),
      (['--eval_lmdb=A=x,A=y'], '--eval_lmdb: the name A'),
      ([], '--eval_lmdb: required'),
      (['--eval_lmdb=A=x', '--limit=0'], '--limit=0: '),
      (['--eval_lmdb=A=x', '--predictions=y', '--model_dir=m'],
       '--model_dir, .*--predictions: give at most one'),
      (['--eval_lmdb=A=x', '--protocols=dtrb,icdar'],
       "--protocols=dtrb,icdar: no protocol 'icdar'; there are alnum_ci"),
      (['--eval_lmdb=A=x', '--report'], '--report: needs --output_dir'),
      (['--eval_lmdb=A=x', '--compare=/no/such'], '.*/no/such'))
  def test_wrong_flags_are_one_line(self, arguments, message):
    process = self._eval(*arguments)
    self.assertEqual((2, ''), (process.returncode, process.stdout))
    self.assertRegex(process.stderr, f'^eval: error: {message}[^\n]*\n$')

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


  @absltest.skipUnless(os.path.exists('/dev/full'), 'Needs /dev/full.')
  def test_a_full_disk_keeps_the_table_and_the_old_files(self):
    self._good(f'--eval_lmdb=Whole={self.whole}')
    before = _json(self.folder)
    os.symlink('/dev/full', os.path.join(self.folder,
                                         'predictions.jsonl.tmp'))
    process = self._eval(f'--eval_lmdb=Whole={self.whole}',
                         f'--output_dir={self.folder}')
    self.assertEqual(2, process.returncode, process.stderr)
    self.assertRegex(process.stderr.splitlines()[-1],
                     '^eval: error: no room on the disk')
    self.assertEqual(['Whole', '8', '0'],
                     process.stdout.splitlines()[2].split()[:3])
    self.assertEqual(before, _json(self.folder))
    self.assertLen(os.listdir(self.folder), 3)


class PredictionsTest(EvalTestCase):

  def _write(self, lines):
    return self.create_tempfile('texts.jsonl', '\n'.join(lines) + '\n'
                                ).full_path

  def _evaluate(self, path, *arguments):
    return self._run(f'--predictions={path}', f'--eval_lmdb=Hand={self.hand}',
                     f'--output_dir={self.folder}', *arguments)

  def test_hand_cases_under_all_protocols(self):
    path = self._write([
        json.dumps({'index': i, 'text': pair[1], 'confidence': 0.5})
        for i, (pair, _) in enumerate(HAND_CASES, 1)])
    process = self._evaluate(path, '--protocols=dtrb,master_tf,mmocr')
    self.assertEqual(0, process.returncode, process.stderr)
    values = _json(self.folder)['sets']['Hand']['protocols']
    self.assertEqual(ALL, list(values))
    for column, protocol in enumerate(ALL):
      scored = [verdicts[column] for _, verdicts in HAND_CASES
                if verdicts[column] is not None]
      self.assertEqual(
          (len(scored), sum(scored), len(HAND_CASES) - len(scored)),
          (values[protocol]['samples'], values[protocol]['correct'],
           sum(values[protocol]['left_out'].values())), protocol)
    left_out = collections.Counter(
        (row['protocol'], row['reason'])
        for row in _rows(self.folder, 'skipped.jsonl'))
    self.assertEqual(1, left_out['dtrb', 'label_too_long'])
    self.assertEqual(1, left_out['master_tf', 'label_too_long'])

  def test_records_without_a_text_are_read_as_nothing(self):
    process = self._evaluate(self._write(['{"index": 3, "text": "word"}']))
    self.assertEqual(0, process.returncode, process.stderr)
    self.assertIn('Hand: 12 records without a text', process.stdout)
    values = _json(self.folder)['sets']['Hand']
    self.assertEqual(13, values['samples'])
    self.assertEqual(1, values['protocols']['exact']['correct'])
    self.assertEqual(11, values['protocols']['exact']['samples'])

  @parameterized.parameters(
      (['{"index": 3, "text": "a"}', '{"index": 3, "text": "b"}'], ':2: '),
      (['{"index": 14, "text": "a"}'], ':1: '),
      (['{"index": 3, "index": 4, "text": "a"}'], ':1: '),
      (['{"set": "Other", "index": 3, "text": "a"}'], ':1: '),
      (['{"index": 3, "text": "a"}', '{"index": 4, "te'], ':2: '))
  def test_faulty_lines_are_named(self, lines, place):
    path = self._write(lines)
    process = self._evaluate(path)
    self.assertEqual((2, ''), (process.returncode, process.stdout))
    self.assertRegex(process.stderr.splitlines()[-1],
                     f'^eval: error: {re.escape(path)}{place}')
    self.assertFalse(os.path.exists(os.path.join(self.folder,
                                                 'results.json')))

  def test_own_predictions_judged_again_give_the_same(self):
    self._good(f'--eval_lmdb=Hand={self.hand}')
    first = _json(self.folder)['sets']['Hand']['protocols']
    again = os.path.join(self.create_tempdir().full_path, 'again')
    process = self._run(f'--predictions={self.folder}',
                        f'--eval_lmdb=Hand={self.hand}',
                        f'--output_dir={again}')
    self.assertEqual(0, process.returncode, process.stderr)
    self.assertEqual(first, _json(again)['sets']['Hand']['protocols'])


class CompareTest(EvalTestCase):

  def _evaluated(self, texts, name, *arguments):
    """Folder of the results of these texts."""
    path = self.create_tempfile(f'{name}.tsv', ''.join(
        f'{i}\t{text}\n' for i, text in enumerate(texts, 1))).full_path
    folder = os.path.join(self.folder, name)
    process = self._run(f'--predictions={path}', f'--output_dir={folder}',
                        f'--eval_lmdb=Whole={self.whole}', *arguments)
    self.assertEqual(0, process.returncode, process.stderr)
    return folder, process.stdout

  def test_gained_and_lost(self):
    old, _ = self._evaluated(['abc', 'x', '!', 'y', 'x', 'ab', 'b', 'c'], 'old')
    new, table = self._evaluated(['abc', 'def', '?', 'z', 'g', 'a', 'b', 'c'],
                                 'new', f'--compare={old}')
    comparison = _json(new)['comparison']
    counts = comparison['sets']['Whole']['protocols']['alnum_ci']
    self.assertEqual(
        {'samples': 7, 'both_correct': 3, 'gained': 2, 'lost': 1,
         'both_wrong': 1, 'p_value': 1.0}, counts)
    self.assertEqual(
        {2: 'gained', 3: 'other', 4: 'other', 5: 'gained', 6: 'lost'},
        {row['index']: row['change']
         for row in _rows(new, 'changes.jsonl')})
    self.assertIn(['Whole', 'alnum_ci', '7', '3', '2', '1', '1', '1'],
                  [line.split() for line in table.splitlines()])

  def test_other_data_are_refused(self):
    old, _ = self._evaluated(['a'] * 8, 'old')
    path = os.path.join(self.folder, 'old', 'predictions.jsonl')
    with open(path, encoding='utf-8') as f:
      text = f.read().replace('"too long for it"', '"too short for it"')
    with open(path, 'w', encoding='utf-8') as f:
      f.write(text)
    before = _json(old)
    process = self._eval(f'--eval_lmdb=Whole={self.whole}',
                         f'--compare={old}', f'--output_dir={old}')
    self.assertEqual((2, ''), (process.returncode, process.stdout))
    self.assertRegex(process.stderr.splitlines()[-1],
                     'eval: error: .*too short for it')
    self.assertEqual(before, _json(old))


class ReportTest(EvalTestCase):

  def test_the_page_holds_the_mistakes(self):
    self._good(f'--eval_lmdb=Whole={self.whole},Broken={self.broken}',
               '--report')
    with open(os.path.join(self.folder, 'report.html'),
              encoding='utf-8') as f:
      page = f.read()
    self.assertIn('too long for it', page)
    self.assertIn('data:image/', page)
    self.assertNotIn('http://', re.sub(r'http://www\.w3\.org/\S+', '', page))


class InterruptTest(EvalTestCase):

  @parameterized.parameters(signal.SIGINT, signal.SIGTERM)
  def test_what_was_read_is_judged_and_written(self, number):
    count = 20000
    path = _write_lmdb(os.path.join(self.create_tempdir().full_path, 'long'),
                       [model_files.encoded_image()] * count, ['abc'] * count)
    process = subprocess.Popen(
        [sys.executable, '-c',
         # Of a shell's background: there Python would not hear of SIGINT.
         'import signal; '
         'signal.signal(signal.SIGINT, signal.default_int_handler); '
         'from master.cli import eval; eval.run()',
         f'--model_dir={self.model_dir}', f'--output_dir={self.folder}',
         f'--eval_lmdb=Long={path},Next={self.whole}', '--batch_size=1'],
        env={**os.environ, 'PYTHONPATH': str(commands.ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    growing = os.path.join(self.folder, 'predictions.jsonl.tmp')
    while process.poll() is None and not (
        os.path.exists(growing) and os.path.getsize(growing)):
      time.sleep(0.05)
    process.send_signal(number)
    stdout, stderr = process.communicate()
    self.assertEqual(1, process.returncode, stderr)
    values = _json(self.folder)
    read = values['sets']['Long']
    self.assertTrue(values['partial'])
    self.assertTrue(read['partial'])
    self.assertEqual(['Long'], list(values['sets']))
    self.assertIn('not begun: Next', values['notes'])
    self.assertBetween(read['samples'], 1, count - 1)
    self.assertLen(_rows(self.folder), read['samples'])
    samples, correct, _ = _counted_anew(_rows(self.folder))['Long', 'exact']
    self.assertEqual((samples, correct), tuple(
        read['protocols']['exact'][key] for key in ('samples', 'correct')))
    self.assertIn('partial', stdout)
    self.assertIn('interrupted', stderr)
    self.assertNotIn('Traceback', stderr)
    self.assertNotIn('predictions.jsonl.tmp', os.listdir(self.folder))


if __name__ == '__main__':
  absltest.main()
