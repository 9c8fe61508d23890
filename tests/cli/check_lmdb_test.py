"""Guards master/cli/check_lmdb.py."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import types
from unittest import mock

from absl.testing import absltest

from master import parallel
from master.cli import check_lmdb
from master.data import lmdb_check
from master.data import lmdb_pages
from master.data import lmdb_reader
from master.data import lmdb_writer
from tests.support import commands
from tests.support import pictures

_FLAGS = types.SimpleNamespace(charset='62', max_label_length=9, max_listed=9,
                               processes=1)


class CheckLmdbTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self._folder = pathlib.Path(self.create_tempdir().full_path)
    self._path = str(self._folder / 'set')
    self._fixed = str(self._folder / 'fixed')

  def _run(self, path: str, *arguments: str):
    return commands.run('-m', 'master.cli.check_lmdb', path, *arguments)

  def _check(self, *arguments: str, status: int = 0) -> str:
    """The report."""
    process = self._run(self._path, *arguments)
    self.assertEqual(process.returncode, status, process.stderr)
    self.assertRegex(process.stderr,
                     r'^\S+ INFO \d+ records in \S+ s, \d+ records/s\n$')
    return process.stdout

  def _json(self, path=None, *arguments: str, status: int = 0):
    process = self._run(path or self._path, '--json=-', *arguments)
    self.assertEqual(process.returncode, status, process.stderr)
    return json.loads(process.stdout)

  def _labels(self, path: str) -> list[bytes]:
    reader = lmdb_reader.LmdbReader(path)
    return [reader.read(i).label for i in range(len(reader))]

  def test_good_set(self):
    pictures.write_lmdb(self._path, ['a', 'Bcd', 'é!!', '12345'])
    pictures.change_lmdb(self._path, {'image-000000003': pictures.encode(
        pictures.picture(13, 29), 'JPEG')})
    self.assertEqual(self._check().splitlines(), [
        f'{self._path}: standard layout (num-samples, image-%09d, '
        'label-%09d, from 1)',
        'records: num-samples is 4, agrees with 4 image keys',
        'label length: 1 to 5 characters, median 3',
        '  1: 1  3: 2  5: 1',
        'characters: 11 kinds',
        "  '!' 2  '1' 1  '2' 1  '3' 1  '4' 1  '5' 1  'B' 1  'a' 1  'c' 1  "
        "'d' 1  'é' 1",
        "outside --charset=62: '!' 2, 'é' 1",
        'image formats: PNG 3, JPEG 1',
        'image height: 7 to 13 px, median 7',
        'image width: 11 to 29 px, median 11',
        'width / height: 1.57 to 2.23, median 1.57',
        'skipped in training: label_outside_charset 1',
        'duplicates: none',
        'unusable records: 0'])

  def test_charset_and_label_length(self):
    pictures.write_lmdb(self._path, ['a', 'Bcd', '+!!', '12345'])
    report = self._check('--charset=94', '--max_label_length=2')
    self.assertIn('outside --charset=94: none\n', report)
    self.assertIn('skipped in training: label_too_long 3\n', report)

  def _write_broken(self):
    pictures.write_lmdb(self._path, [str(i) for i in range(1, 8)])
    pictures.change_lmdb(self._path, {
        'num-samples': b'8',
        'label-000000002': b'\xff',
        'label-000000003': None,
        'image-000000004': b'no picture',
        'label-000000005': b'',
        'image-000000006': pictures.png(100, 100)[:99]})

  def test_broken_records_are_listed(self):
    self._write_broken()
    report = self._check(status=1)
    self.assertIn('num-samples is 8, but there are 7 image keys\n'
                  'gaps: of 1 records there is nothing, in 1 stretches\n'
                  '  8\n', report)
    self.assertRegex(
        report,
        'unusable records: 6\n'
        '  label-000000002: label_not_utf8\n'
        '  label-000000003: missing_label\n'
        '  image-000000004: undecodable_image: not an image\n'
        '  label-000000005: label_empty\n'
        '  image-000000006: undecodable_image: damaged .*\n'
        '  image-000000008: missing_image\n$')
    self.assertIn('skipped in training: undecodable_image 2, label_empty 1',
                  report)

  def test_long_lists_are_cut(self):
    pictures.write_lmdb(self._path, [''] * 23)
    report = self._check(status=1)
    self.assertEqual(report.count(': label_empty\n'), 20)
    self.assertTrue(report.endswith(
        '  3 not listed; --max_listed=23 lists all\n'))
    report = self._check('--max_listed=23', status=1)
    self.assertEqual(report.count(': label_empty\n'), 23)

  def test_processes_do_not_change_what_is_found(self):
    pictures.write_lmdb(self._path, [str(i % 90) for i in range(700)])
    pictures.change_lmdb(self._path, {
        **{f'image-{i:09d}': b'x' for i in range(5, 600, 30)},
        **{f'image-{i:09d}': pictures.png() for i in range(6, 600, 70)},
        'label-000000676': None})
    found = [self._json(None, f'--processes={count}', '--max_listed=4',
                        status=1) for count in (1, 3)]
    for summary in found:
      del summary['seconds'], summary['records_per_second']
    self.assertEqual(found[0], found[1])
    self.assertEqual(21, found[0]['unusable']['records'])
    self.assertEqual(9, found[0]['duplicates']['surplus_records'])

  def test_legacy_layout(self):
    pictures.write_items(self._path, {
        'nSamples': b'1', 'image-0': pictures.png(), 'transcript-0': b'a'})
    self.assertIn('legacy layout (nSamples, image-%d, transcript-%d, from 0)',
                  self._check())

  def test_set_without_records(self):
    pictures.write_lmdb(self._path, [])
    self.assertIn('label length: none\n', self._check())

  def test_duplicates(self):
    pictures.write_lmdb(self._path, ['a', 'b', 'c', 'd'])
    pictures.change_lmdb(self._path, {
        f'image-{i:09d}': pictures.png() for i in (1, 3)})
    self.assertIn(
        'duplicates: 1 records repeat one of 1 images, 1 of them with '
        "different labels\n  image-000000001, image-000000003: 'a', 'c'\n",
        self._check())

  def test_json(self):
    self._write_broken()
    report = self._check(f'--json={self._folder / "found.json"}', status=1)
    with open(self._folder / 'found.json', encoding='utf-8') as f:
      found = json.load(f)
    self.assertIn('unusable records: 6\n', report)
    self.assertEqual(
        {'path', 'layout', 'records', 'keys', 'beyond_counter', 'gaps',
         'damaged_pages', 'label_length', 'characters', 'outside_charset',
         'images', 'skipped_in_training', 'duplicates', 'unusable', 'fixed',
         'seconds', 'records_per_second'}, set(found))
    self.assertEqual({'1': 4, '0': 1}, found['label_length']['histogram'])
    self.assertEqual({'key': 'label-000000002', 'reason': 'label_not_utf8',
                      'detail': ''}, found['unusable']['listed'][0])
    self.assertEqual(
        {'undecodable_image': 2, 'label_empty': 1, 'label_not_utf8': 1,
         'missing_image': 1, 'missing_label': 1},
        found['unusable']['reasons'])
    self.assertEqual([[8, 8]], found['gaps']['listed'])
    self.assertIsNone(found['fixed'])
    self.assertEqual(self._json(status=1)['unusable'], found['unusable'])

  def test_fix(self):
    self._write_broken()
    pictures.change_lmdb(self._path, {
        'num-samples': b'6', 'image-000000012': pictures.png(seed=9),
        'label-000000012': b'twelve', 'image-000000013': b'bad',
        'label-000000013': b'13'})
    report = self._check(f'--fix={self._fixed}', status=1)
    self.assertIn('beyond num-samples: 3 records that are never read; --fix '
                  'takes them in\n', report)
    self.assertEndsWith(
        report, f'{self._fixed}: 3 records, left out undecodable_image 3, '
        'label_empty 1, label_not_utf8 1, missing_label 1\n')
    self.assertEqual([b'1', b'7', b'twelve'], self._labels(self._fixed))
    self.assertEqual(lmdb_reader.STANDARD,
                     lmdb_reader.LmdbReader(self._fixed).layout)
    found = self._json(self._fixed)
    self.assertEqual((3, 3), (found['records'], found['keys']['images']))

  def test_fix_keeps_order_over_many_shares(self):
    labels = [str(i) if i % 7 else '' for i in range(600)]
    pictures.write_lmdb(self._path, labels)
    self._check(f'--fix={self._fixed}', '--processes=3', status=1)
    self.assertEqual([label.encode() for label in labels if label],
                     self._labels(self._fixed))

  def test_fix_of_a_counter_beyond_all_reason(self):
    pictures.write_lmdb(self._path, ['a', 'b'])
    pictures.change_lmdb(self._path, {'num-samples': b'9' * 17})
    report = self._check(f'--fix={self._fixed}', status=1)
    self.assertIn(f'gaps: of {int("9" * 17) - 2} records there is nothing, '
                  f'in 1 stretches\n  3-{"9" * 17}\n', report)
    self.assertIn(f'unusable records: {int("9" * 17) - 2}\n', report)
    self.assertEqual([b'a', b'b'], self._labels(self._fixed))

  def test_nothing_to_copy(self):
    pictures.write_lmdb(self._path, [''] * 3)
    process = self._run(self._path, f'--fix={self._fixed}')
    self.assertEqual(1, process.returncode)
    self.assertIn(f'--fix={self._fixed}: not made, as not one record is '
                  'usable', process.stderr)
    self.assertIn('unusable records: 3\n', process.stdout)
    self.assertEqual(['set'], os.listdir(self._folder))

  def test_damaged_pages(self):
    pictures.write_lmdb(self._path, [str(i) for i in range(500)])
    pages = lmdb_pages.PageReader(self._path)
    doomed = pages._page(pages.meta.root).children[4:6]
    lost = {int(key.split(b'-')[1]) for child in doomed
            for key in pages._page(child).keys}
    with open(pages.data, 'r+b') as f:
      for child in doomed:
        # With sizes and places that lead out of the file.
        f.seek(child * pages.meta.page_size + 16)
        f.write(b'\xfe' * (pages.meta.page_size - 16))
    report = self._check(f'--fix={self._fixed}', '--max_listed=1', status=1)
    self.assertIn(
        'damaged pages: 2; reading what hangs on them may end training\n'
        f'  page {doomed[0]}: an entry is wrong\n'
        '  1 not listed; --max_listed=2 lists all\n', report)
    self.assertRegex(
        report, r'  image-\d+: damaged_page: page \d+: an entry is wrong\n')
    self.assertLen(self._labels(self._fixed), 500 - len(lost))
    self.assertEqual(0, self._json(self._fixed)['unusable']['records'])

  def test_crashes_are_narrowed_down(self):
    pictures.write_lmdb(self._path, [str(i) for i in range(300)])
    asked = []

    def run(function, jobs, processes):
      for job in jobs:
        asked.append(list(job.positions))
        crashed = bool({7, 150} & {*job.positions})
        yield parallel.Outcome(job, None if crashed else function(job),
                               crashed)

    with mock.patch.object(parallel, 'run', run):
      check = check_lmdb._Check(self._path, _FLAGS)
      with self.assertLogs(level='WARNING') as logs:
        check.run(None)
    self.assertEqual({'crash': 2}, check.found.unusable)
    self.assertEqual(['image-000000008', 'image-000000151'],
                     [broken.key for broken in check.found.broken])
    self.assertIn([7], asked)
    self.assertEqual(298, check.found.formats['PNG'])
    self.assertEqual([7, 150], [
        i for i, value in enumerate(check.found.hashes) if not value])
    self.assertLen(logs.records, 2)

  def test_an_image_that_ends_the_process(self):
    pictures.write_lmdb(self._path, [str(i) for i in range(200)])
    pictures.change_lmdb(self._path, {'image-000000134': b'deadly'})
    tool = self._folder / 'check_lmdb.py'
    # What stands outside of the last lines holds in the other processes too.
    tool.write_text(
        'import os, signal\n'
        'from master.cli import check_lmdb\n'
        'from master.data import image_check\n'
        'check = image_check.check\n'
        'def check_or_die(image):\n'
        '  if image == b"deadly":\n'
        '    os.kill(os.getpid(), signal.SIGSEGV)\n'
        '  return check(image)\n'
        'image_check.check = check_or_die\n'
        'if __name__ == "__main__":\n'
        '  check_lmdb.run()\n')
    process = commands.run(str(tool), self._path, f'--fix={self._fixed}',
                           '--processes=2')
    self.assertEqual(1, process.returncode, process.stderr)
    self.assertIn('unusable records: 1\n  image-000000134: crash: ended its '
                  'process\n', process.stdout)
    self.assertEqual([b'%d' % i for i in range(200) if i != 133],
                     self._labels(self._fixed))

  def test_many_crashes_are_told_by_shares(self):
    pictures.write_lmdb(self._path, ['a'] * 300)

    def run(function, jobs, processes):
      del function, processes
      return (parallel.Outcome(job, None, True) for job in jobs)

    with mock.patch.object(parallel, 'run', run), (
        self.assertLogs(level='WARNING')) as logs:
      check = check_lmdb._Check(self._path, _FLAGS)
      check.run(None)
    self.assertEqual({lmdb_check.CRASH: 300}, check.found.unusable)
    self.assertLess(len(logs.records), 60)

  def test_written_meanwhile(self):
    pictures.write_lmdb(self._path, ['a'] * 3)
    script = (
        'from master.data import lmdb_keys\n'
        'from tests.support import pictures\n'
        'from master.cli import check_lmdb\n'
        'import sys\n'
        'scan = lmdb_keys.scan_keys\n'
        'def scan_and_write(*arguments):\n'
        '  pictures.change_lmdb(sys.argv[1], {"x": b"y"})\n'
        '  return scan(*arguments)\n'
        'if __name__ == "__main__":\n'
        '  lmdb_keys.scan_keys = scan_and_write\n'
        '  check_lmdb.run()\n')
    tool = self._folder / 'check_lmdb.py'
    tool.write_text(script)
    process = commands.run(str(tool), self._path, f'--fix={self._fixed}')
    self.assertEqual((2, ''), (process.returncode, process.stdout))
    self.assertRegex(process.stderr, 'check_lmdb: error: .*was written to '
                     'meanwhile; check it when its writer is done.\n$')
    self.assertFalse(os.path.exists(self._fixed))

  def _start_copying(self) -> subprocess.Popen:
    """A process that has begun to write a copy, and is far from done."""
    image = pictures.png()
    with lmdb_writer.LmdbWriter(self._path) as writer:
      for _ in range(100000):
        writer.add(image, 'a')
    process = subprocess.Popen(
        [sys.executable, '-m', 'master.cli.check_lmdb', self._path,
         f'--fix={self._fixed}', '--processes=1'],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, 'PYTHONPATH': str(commands.ROOT)})
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not any(
        file.stat().st_size > 2**20
        for file in self._folder.glob('.fixed.*/data.mdb')):
      time.sleep(0.02)
    self.assertIsNone(process.poll())
    return process

  def test_killed_leaves_no_copy_and_no_processes(self):
    process = self._start_copying()
    process.kill()
    # Its processes have the other end of the pipe as long as they live.
    process.communicate(timeout=60)
    self.assertFalse(os.path.exists(self._fixed))

  def test_interrupted_tidies_up(self):
    process = self._start_copying()
    # As a terminal does: to all of them.
    os.killpg(process.pid, signal.SIGINT)
    _, log = process.communicate(timeout=60)
    # Lines of progress come before where the machine is busy.
    lines = [line for line in log.decode().splitlines()
             if ' INFO ' not in line]
    self.assertEqual((130, ['check_lmdb: interrupted']),
                     (process.returncode, lines))
    self.assertEqual(['set'], os.listdir(self._folder))

  def test_bad_input(self):
    pictures.write_lmdb(self._path, ['a'])
    os.mkdir(self._folder / 'full')
    (self._folder / 'full/file').write_text('mine')
    cut = pictures.write_lmdb(str(self._folder / 'cut'), ['a'])
    os.truncate(os.path.join(cut, 'data.mdb'), 9000)
    for arguments, message in (
        ([cut], 'cut short'),
        ([str(self._folder)], 'no data.mdb'),
        ([self._path + '/nothing'], 'does not exist'),
        ([], 'Takes one PATH, not 0'),
        ([self._path, self._path], 'Takes one PATH, not 2'),
        ([self._path, '--charset=63'], '--charset=63: neither'),
        ([self._path, '--processes=-1'], '--processes=-1: '),
        ([self._path, '--json=/absent/x'], '--json=/absent/x: no file can'),
        ([self._path, f'--json={cut}'], f'--json={re.escape(cut)}: no file'),
        ([self._path, f'--fix={self._folder}/full'],
         f'--fix={re.escape(str(self._folder))}/full: is there and not '
         'empty')):
      with self.subTest(message):
        process = commands.run('-m', 'master.cli.check_lmdb', *arguments)
        self.assertEqual(process.returncode, 2)
        self.assertEqual(process.stdout, '')
        self.assertRegex(process.stderr,
                         f'^check_lmdb: error: [^\n]*{message}[^\n]*\n$')
    self.assertEqual(['file'], os.listdir(self._folder / 'full'))

  def test_help_needs_no_tensorflow(self):
    process = commands.run(
        '-X', 'importtime', '-m', 'master.cli.check_lmdb', '--help')
    self.assertEqual(0, process.returncode)
    self.assertIn('--fix', process.stdout)
    self.assertNotRegex(process.stderr, r'\| *tensorflow')


if __name__ == '__main__':
  absltest.main()
