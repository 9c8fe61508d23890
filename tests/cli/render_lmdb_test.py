"""Tests of master/cli/render_lmdb.py, run as processes."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time

from absl.testing import absltest
from absl.testing import parameterized
from PIL import Image

from master.data import lmdb_reader
from tests.support import commands


class RenderLmdbTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def run_command(self, *arguments, output='out'):
    return commands.run('-m', 'master.cli.render_lmdb',
                        f'--output={self.folder / output}', *arguments)

  def render(self, *arguments, output='out'):
    process = self.run_command(*arguments, output=output)
    self.assertEqual((0, f'{self.folder / output}\n'),
                     (process.returncode, process.stdout), process.stderr)
    reader = lmdb_reader.LmdbReader(str(self.folder / output))
    return [reader.read(i) for i in range(len(reader))], process.stderr

  def labels(self, *arguments, **kwargs):
    records, _ = self.render(*arguments, **kwargs)
    return [record.label.decode() for record in records]

  def write_words(self, content):
    return self.create_tempfile('words.txt', content,
                                encoding='utf-8').full_path

  def test_same_seed_same_bytes_whatever_the_processes(self):
    arguments = ['--count=53', '--seed=5', '--charset=36']
    one, _ = self.render(*arguments, '--processes=1', output='one')
    two, log = self.render(*arguments, '--processes=2', output='two')
    self.assertLen(one, 53)
    self.assertEqual(one, two)
    self.assertEqual((self.folder / 'one/data.mdb').read_bytes(),
                     (self.folder / 'two/data.mdb').read_bytes())
    self.assertRegex(log, r'53 words, .* words/s')
    for record in one:
      self.assertRegex(record.label, rb'^[0-9a-z]{1,12}$')
    other, _ = self.render('--count=53', '--seed=6', '--charset=36',
                           output='other')
    self.assertNotEqual(one, other)

  def test_words_case_and_charset(self):
    words = self.write_words('\ufeffone\r\nTwo\n\n  three  \n\u00e9t\u00e9\n')
    arguments = [f'--words={words}', '--count=6', '--charset=62']
    self.assertCountEqual(['one', 'Two', 'three'] * 2,
                          self.labels(*arguments, '--case=keep'))
    mixed = self.labels(*arguments, output='mixed')
    self.assertCountEqual(['one', 'three', 'two'] * 2,
                          [label.lower() for label in mixed])
    for case, expected in (('lower', ['one', 'two', 'three']),
                           ('title', ['One', 'Two', 'Three']),
                           ('upper', ['ONE', 'TWO', 'THREE'])):
      self.assertCountEqual(expected * 2, self.labels(
          *arguments, f'--case={case}', output=case))
    self.assertEqual({'ONE', 'TWO', 'THREE'}, set(self.labels(
        *arguments, '--case_rates=0,0,0,2', output='rates')))
    process = self.run_command(*arguments, output='third')
    self.assertIn('left out 1 by charset', process.stderr)

  def test_several_lists_with_weights(self):
    often = self.create_tempfile('often.txt', 'often\t1e9\n',
                                 encoding='utf-8').full_path
    words = self.write_words('rare\nnever\t0.5\n')
    self.assertEqual(['often'] * 30, self.labels(
        f'--words={words},{often}', '--count=30', '--case=keep'))

  def test_mixes_sources_at_their_rates(self):
    words = self.write_words('zebra\nzoo\n')
    labels = self.labels(
        f'--words={words}', '--count=600', '--charset=94', '--case=keep',
        '--min_word_length=3', '--number_rate=0.2', '--random_rate=0.1',
        '--made_up_rate=0.2', '--punctuation_rate=0.4', '--max_height=24')
    listed = [label for label in labels if re.search('zebra|zoo', label)]
    # Three deviations; marks amid a word hide it.
    self.assertBetween(len(listed), 300 - 37 - 25, 300 + 37)
    marked = sum(not label.isalnum() for label in listed)
    self.assertBetween(marked / len(listed), 0.24, 0.5)
    priced = sum(bool(re.match(r'\$\d', label)) for label in labels)
    self.assertBetween(priced, 2, 40)
    # Nothing of it where there is a list and no rate.
    self.assertCountEqual(['zebra', 'zoo'] * 30, self.labels(
        f'--words={words}', '--count=60', '--charset=94', '--case=keep',
        output='plain'))

  def test_kinds_and_long_words_at_their_rates(self):
    words = self.write_words('zebra\nrhinoceroses\n')
    labels = self.labels(
        f'--words={words}', '--count=300', '--charset=94', '--case=lower',
        '--kind_rates=price=0.2,web=0.1', '--long_rate=1', '--max_height=20')
    # Three deviations.
    prices = [label for label in labels if '$' in label or 'Rs' in label
              or re.fullmatch('[0-9.,]+[-/]+', label)]
    self.assertBetween(len(prices), 60 - 21, 60 + 21)
    self.assertBetween(labels.count('rhinoceroses'), 210 - 24, 210 + 24)
    self.assertNotIn('zebra', labels)

  def test_exclude(self):
    words = self.write_words('one\ntwo\nthree\n')
    seen = self.labels(f'--words={words}', '--count=2')
    unseen = self.labels(
        f'--words={words}', '--count=3', '--seed=9',
        f'--exclude={self.folder / "out"}', output='unseen')
    self.assertLen({label.lower() for label in unseen}, 1)
    self.assertEmpty({label.lower() for label in seen}
                     & {label.lower() for label in unseen})

  def test_exclude_holds_for_all_that_is_made_up(self):
    arguments = [
        '--charset=94', '--max_word_length=2', '--max_height=20',
        '--number_rate=0.3', '--random_rate=0.3', '--punctuation_rate=0.5']

    def folded(*more, output):
      return {''.join(filter(str.isalnum, label.lower())) or label
              for label in self.labels(*arguments, *more, output=output)}

    seen = folded('--count=300', output='seen')
    unseen = folded('--count=300', '--seed=9',
                    f'--exclude={self.folder / "seen"}', output='unseen')
    self.assertGreater(len(unseen), 50)
    self.assertEmpty(seen & unseen)

  def add_pictures(self, count):
    folder = self.folder / 'pictures'
    folder.mkdir()
    for i in range(count):
      Image.new('RGB', (300, 200), (30 * i, 90, 200)).save(
          folder / f'{i}.jpg')
    return folder

  def test_backgrounds(self):
    folder = self.add_pictures(8)
    (folder / 'torn.png').write_bytes(b'nothing')
    arguments = ['--count=60', f'--backgrounds={folder}']
    one, log = self.render(*arguments, '--processes=1', output='one')
    two, _ = self.render(*arguments, '--processes=2', output='two')
    self.assertEqual(one, two)
    self.assertIn('1 files cannot be read as pictures, the first is '
                  f'{folder / "torn.png"}', log)
    self.assertBetween(int(re.search(r'(\d+) on pictures', log)[1]), 24, 48)
    self.assertNotEqual(one, self.render('--count=60', output='plain')[0])
    _, log = self.render(*arguments, '--background_rate=1', output='all')
    self.assertIn('60 on pictures', log)

  @parameterized.parameters(
      ('neighbour_rate', 'with neighbours'), ('cut_rate', 'cut'))
  def test_rates_of_looks(self, rate, counted):
    def count(value, *more):
      _, log = self.render('--count=100', f'--{rate}={value}', *more,
                           output=f'{value}{len(more)}')
      return int(re.search(rf'(\d+) {counted}', log)[1])
    self.assertEqual(0, count(0))
    self.assertEqual(0, count(1, '--effects=0'))
    # Three deviations; not every word can be cut.
    self.assertBetween(count(0.5), 20, 65)

  def test_looks_that_are_off_change_the_pictures_where_asked_for(self):
    plain, _ = self.render('--count=40', '--png_rate=0', output='plain')
    looks = ['--neon_rate=0.5', '--low_resolution_rate=0.5',
             '--slipped_rate=0.5', '--min_letters=9']
    one, log = self.render('--count=40', '--png_rate=0', *looks, output='one')
    self.assertNotEqual(plain, one)
    self.assertEqual([r.label for r in plain], [r.label for r in one])
    self.assertRegex(log, r'looks: .*\d+ neon')
    self.assertEqual(one, self.render('--count=40', '--png_rate=0', *looks,
                                      '--processes=2', output='two')[0])
    self.assertEqual(plain, self.render(
        '--count=40', '--png_rate=0', '--neon_rate=0', output='off')[0])

  def test_faults_of_backgrounds(self):
    (self.folder / 'none').mkdir()
    for path, message in (('absent', 'no such folder'),
                          ('none', 'no picture in it')):
      path = self.folder / path
      self.check_fault(
          self.run_command('--count=5', f'--backgrounds={path}'),
          f'--backgrounds={path}: {message}')
    # The head alone is whole: it shows when a word is drawn on it.
    folder = self.add_pictures(1)
    content = (folder / '0.jpg').read_bytes()
    (folder / '0.jpg').write_bytes(content[:len(content) // 2])
    self.check_fault(
        self.run_command('--count=5', f'--backgrounds={folder}'),
        f'--backgrounds: {folder / "0.jpg"}: cannot be decoded')

  def test_sheet(self):
    sheet = self.folder / 'sheet.png'
    self.render('--count=3', f'--sheet={sheet}')
    self.assertGreater(Image.open(sheet).width, 600)

  def test_help_needs_no_tensorflow(self):
    process = commands.run(
        '-X', 'importtime', '-m', 'master.cli.render_lmdb', '--help')
    self.assertEqual(0, process.returncode)
    self.assertIn('--effects', process.stdout)
    self.assertNotRegex(process.stderr, r'\| *tensorflow')

  @parameterized.parameters(
      (['--count=0'], '--count=0: '),
      ([], '--count: required'),
      (['--count=5', '--words=/absent'], '--words=/absent: no such file'),
      (['--count=5', '--fonts=/absent'], '--fonts=/absent: no such folder'),
      (['--count=5', '--exclude=/absent'], '--exclude: /absent: '),
      (['--count=5', '--effects=1.5'], '--effects=1.5: '),
      (['--count=5', '--charset=7'], '--charset=7: '),
      (['--count=5', '--sheet=/absent/x.png'], '--sheet=/absent/x.png: '),
      (['--count=5', '--number_rate=1.5'], '--number_rate=1.5: '),
      (['--count=5', '--number_rate=0.7', '--random_rate=0.6'],
       '--number_rate, --random_rate and --made_up_rate: '),
      (['--count=5', '--arc_rate=0.7', '--stack_rate=0.6'],
       '--arc_rate, --wave_rate and --stack_rate: '),
      (['--count=5', '--case_rates=1,2'], '--case_rates=1,2: '),
      (['--count=5', '--case_rates=0,0,0,0'], '--case_rates=0,0,0,0: '),
      (['--count=5', '--case_rates=1,2,3,x'], '--case_rates=1,2,3,x: '),
      (['--count=5', '--cut_rate=-1'], '--cut_rate=-1: '),
      (['--count=5', '--kind_rates=prise=0.1'], '--kind_rates=prise: no such'),
      (['--count=5', '--kind_rates=price'], '--kind_rates=price: write each'),
      (['--count=5', '--kind_rates=web=.1,web=.1'], '--kind_rates=web=.1: '),
      (['--count=5', '--kind_rates=web=2'], '--kind_rates=web=2: a share'),
      (['--count=5', '--kind_rates=web=.9,price=.2'], '--kind_rates: the sha'),
      (['--count=5', '--kind_rates=single_mark=1', '--charset=62'],
       '--kind_rates=single_mark: hardly a word'),
      (['--count=5', '--font_rates=text=0.5'], '--font_rates: needs --fonts'),
      (['--count=5', '--font_rates=text'], '--font_rates=text: write each'),
      (['--count=5', '--long_rate=0.5'], '--long_rate=0.5: --words has no'),
      (['--count=5', '--neon_rate=1.5'], '--neon_rate=1.5: '),
      (['--count=5', '--neon_rate=0.7', '--dotted_rate=0.6'],
       '--dotted_rate, --stencil_rate, --worn_rate, --neon_rate, '),
      (['--count=5', '--tight_rate=0.7', '--loose_rate=0.6'],
       '--tight_rate, --loose_rate, --slipped_rate: '),
      (['--count=5', '--background_zoom=0.5'], '--background_zoom=0.5: '),
      (['--count=5', '--min_letters=2'], '--min_letters=2: '),
      (['--count=5', '--min_word_length=5', '--max_word_length=4'],
       '--max_word_length: '),
      (['--count=5', '--min_height=50', '--max_height=40'], '--max_height: '),
  )
  def test_bad_flags_are_one_line(self, arguments, message):
    self.check_fault(self.run_command(*arguments), message)

  def check_fault(self, process, message):
    self.assertEqual((2, ''), (process.returncode, process.stdout))
    self.assertRegex(process.stderr,
                     f'^render_lmdb: error: {re.escape(message)}[^\n]*\n$')
    self.assertFalse((self.folder / 'out').exists())

  def test_scripts_that_cannot_be_drawn(self):
    words = self.create_tempfile('words.txt', '\u182e\u1823\n').full_path
    characters = self.create_tempfile('set.txt', '\u182e\n\u1823\n').full_path
    self.check_fault(
        self.run_command('--count=5', f'--words={words}',
                         f'--charset={characters}'),
        "'\u182e\u1823' is Mongolian, a script of columns")

  @parameterized.parameters(
      (b'', 'holds no word'), (b' \n\n', 'holds no word'),
      (b'one\ntwo\tmany\n', "line 2: 'many' is no weight"),
      (b'one\t0\n', "line 1: '0' is no weight"),
      (b'caf\xe9\n', 'not UTF-8'), ('\u0436\u0443\u043a\n'.encode(),
                                    'no word is left to render'))
  def test_bad_words(self, content, message):
    words = self.create_tempfile('words.txt', content, mode='wb').full_path
    self.check_fault(self.run_command('--count=5', f'--words={words}'),
                     f'--words={words}: {message}')

  def test_folder_without_fonts(self):
    (self.folder / 'fonts').mkdir()
    (self.folder / 'fonts' / 'torn.ttf').write_bytes(b'no font')
    self.check_fault(
        self.run_command('--count=5', f'--fonts={self.folder / "fonts"}'),
        f'--fonts={self.folder / "fonts"}: no usable')

  def test_numbers_without_digits(self):
    charset = self.create_tempfile('c.txt', 'a\nb\n').full_path
    self.check_fault(
        self.run_command('--count=5', f'--charset={charset}',
                         '--number_rate=0.1'),
        '--number_rate=0.1: --charset has no digits')
    self.assertContainsSubset(
        ''.join(self.labels('--count=5', f'--charset={charset}')), 'ab')

  def test_charset_that_no_font_has(self):
    charset = self.create_tempfile('c.txt', '\u4e2d\n\u6587\n',
                                   encoding='utf-8').full_path
    self.check_fault(self.run_command('--count=5', f'--charset={charset}'),
                     '--fonts: no font has a character')

  def test_existing_output_is_left_alone(self):
    (self.folder / 'out').mkdir()
    (self.folder / 'out' / 'mine').write_text('x')
    process = self.run_command('--count=5')
    self.assertEqual(2, process.returncode)
    self.assertRegex(process.stderr, '^render_lmdb: error: --output=[^\n]*\n$')
    self.assertEqual(['mine'], os.listdir(self.folder / 'out'))

  def start(self):
    """Starts a long run as a process group; waits until it writes."""
    process = subprocess.Popen(
        [sys.executable, '-m', 'master.cli.render_lmdb', '--processes=2',
         f'--output={self.folder / "out"}', '--count=1000000'],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, 'PYTHONPATH': str(commands.ROOT)})
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (
        list(self.folder.glob('.out.*/data.mdb'))
        and len(commands.processes_of(process.pid)) >= 2):
      time.sleep(0.1)
    self.assertNotEmpty(list(self.folder.glob('.out.*/data.mdb')))
    return process

  def check_all_left(self, process):
    deadline = time.monotonic() + 60
    while commands.processes_of(process.pid) and time.monotonic() < deadline:
      time.sleep(0.1)
    self.assertEmpty(commands.processes_of(process.pid))
    self.assertFalse((self.folder / 'out').exists())

  def test_killed_leaves_no_output_and_no_processes(self):
    if not os.path.isdir('/proc'):
      self.skipTest('Looks for processes in /proc.')
    process = self.start()
    process.kill()
    process.communicate()
    self.check_all_left(process)

  def test_interrupted_tidies_up(self):
    if not os.path.isdir('/proc'):
      self.skipTest('Looks for processes in /proc.')
    process = self.start()
    # The first words are in the file: no worker is still being started, which
    # would complain of a parent that left before it had said what to do.
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and not any(
        path.stat().st_size > 2**20
        for path in self.folder.glob('.out.*/data.mdb')):
      time.sleep(0.1)
    # As a terminal does: to all of them.
    os.killpg(process.pid, signal.SIGINT)
    _, log = process.communicate()
    self.check_all_left(process)
    self.assertEqual(130, process.returncode)
    # Above it may be lines that tell of progress, on a slow machine.
    *progress, last = log.decode().strip().splitlines()
    self.assertEqual('render_lmdb: interrupted', last)
    for line in progress:
      self.assertRegex(line, r'render_lmdb: .* s left$')
    self.assertEmpty(list(self.folder.iterdir()))


if __name__ == '__main__':
  absltest.main()
