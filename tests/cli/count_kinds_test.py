"""Guards master/cli/count_kinds.py."""

import io

from absl.testing import absltest
from PIL import Image

from master.cli import count_kinds
from master.data import lmdb_writer
from tests.support import commands


class CountTest(absltest.TestCase):

  def test_kinds_cases_lengths_and_marks(self):
    counts = count_kinds.count(["JOE'S", 'Joe', '$4.00', '$5', 'x', '||'],
                               True)
    for row, number in (
        ('labels', 6), ('apostrophe', 1), ('title', 1), ('price', 2),
        ('single_letter', 1), ('marks', 1), ('with letters', 3),
        ('case upper', 1), ('case title', 1), ('case lower', 1),
        ('1 character', 1), ('2 characters', 2), ('5 characters', 2),
        ('mark $', 2), ("mark '", 1), ('mark |', 1), ('upper', 0)):
      self.assertEqual(number, counts[row], row)

  def test_lengths_are_all_in_some_row(self):
    lengths = range(1, 60)
    counts = count_kinds.count(['a' * n for n in lengths], False)
    rows = {row: n for row, n in counts.items() if 'character' in row}
    self.assertEqual(len(lengths), sum(rows.values()))
    self.assertEqual(2, rows['11 to 12 characters'])
    self.assertEqual(39, rows['21 characters or more'])

  def test_table(self):
    lines = list(count_kinds.table({
        'one': count_kinds.count(['Cat', 'dog', 'DOG', '7'], False),
        'two': count_kinds.count(['a|b', '12'], True)}))
    self.assertEqual('| share in percent | one | two |', lines[0])
    self.assertEqual('|---|---|---|', lines[1])
    self.assertEqual('| labels | 4 | 2 |', lines[2])
    for line in ('| title | 25.00 |  |', '| single_digit | 25.00 |  |',
                 '| joined |  | 50.00 |', '| case lower | 33.33 | 100.00 |',
                 '| 2 characters |  | 50.00 |', '| mark \\| |  | 50.00 |'):
      self.assertIn(line, lines)


class CommandTest(absltest.TestCase):

  def test_counts_lmdbs(self):
    png = io.BytesIO()
    Image.new('L', (8, 8)).save(png, 'PNG')
    path = self.create_tempdir().full_path + '/mine'
    with lmdb_writer.LmdbWriter(path) as writer:
      for label in ('Cat', 'cat', '10%', 'caf\u00e9'):
        writer.add(png.getvalue(), label)
    process = commands.run('-m', 'master.cli.count_kinds', path, path)
    self.assertEqual(0, process.returncode, process.stderr)
    lines = process.stdout.splitlines()
    self.assertEqual(f'| share in percent | mine | {path} |', lines[0])
    self.assertIn('| lower | 50.00 | 50.00 |', lines)
    self.assertIn('| percent | 25.00 | 25.00 |', lines)

  def test_faults_are_one_line(self):
    for arguments, message in (((), 'Takes PATHs'), (('/absent',), '/absent')):
      process = commands.run('-m', 'master.cli.count_kinds', *arguments)
      self.assertEqual((2, ''), (process.returncode, process.stdout))
      self.assertRegex(process.stderr,
                       f'^count_kinds: error: {message}[^\n]*\n$')


if __name__ == '__main__':
  absltest.main()
