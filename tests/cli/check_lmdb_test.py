"""Guards master/cli/check_lmdb.py."""

import os

from absl.testing import absltest

from tests import commands
from tests.inputs import pictures


class CheckLmdbTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self._path = os.path.join(self.create_tempdir().full_path, 'set')

  def _check(self, *flags: str):
    return commands.run('-m', 'master.cli.check_lmdb', self._path, *flags)

  def test_good_set(self):
    pictures.write_lmdb(self._path, ['a', 'Bcd', 'é!!', '12345'])
    pictures.change_lmdb(self._path, {'image-000000003': pictures.encode(
        pictures.picture(13, 29), 'JPEG')})
    process = self._check()
    self.assertEqual(process.returncode, 0, process.stderr)
    self.assertEqual(process.stdout.splitlines(), [
        f'{self._path}: standard layout (num-samples, image-%09d, '
        'label-%09d, from 1)',
        'records: num-samples is 4, agrees with 4 image keys',
        'label length: 1 to 5 characters, median 3',
        "outside --charset=62: '!' 2, 'é' 1",
        'image formats: PNG 3, JPEG 1',
        'image height: 7 to 13 px, median 7',
        'image width: 11 to 29 px, median 11',
        'skipped in training: label_outside_charset 1',
        'unusable records: 0'])
    self.assertEqual(process.stderr, '')

  def test_charset_and_label_length(self):
    pictures.write_lmdb(self._path, ['a', 'Bcd', '+!!', '12345'])
    process = self._check('--charset=94', '--max_label_length=2')
    self.assertEqual(process.returncode, 0, process.stderr)
    self.assertIn('outside --charset=94: none\n', process.stdout)
    self.assertIn('skipped in training: label_too_long 3\n', process.stdout)

  def test_broken_records_are_listed(self):
    pictures.write_lmdb(self._path, [str(i) for i in range(1, 8)])
    pictures.change_lmdb(self._path, {
        'num-samples': b'8',
        'label-000000002': b'\xff',
        'label-000000003': None,
        'image-000000004': b'no picture',
        'label-000000005': b'',
        'image-000000006': pictures.png(100, 100)[:99]})
    process = self._check()
    self.assertEqual(process.returncode, 1, process.stderr)
    self.assertIn('num-samples is 8, but there are 7 image keys\n',
                  process.stdout)
    self.assertRegex(
        process.stdout,
        'unusable records: 6\n'
        '  label-000000002: label_not_utf8\n'
        '  label-000000003: missing_label\n'
        '  image-000000004: undecodable_image: not an image\n'
        '  label-000000005: label_empty\n'
        '  image-000000006: undecodable_image: damaged .*\n'
        '  image-000000008: missing_image\n$')
    self.assertIn('skipped in training: ', process.stdout)

  def test_long_lists_are_cut(self):
    pictures.write_lmdb(self._path, [''] * 23)
    process = self._check()
    self.assertEqual(process.returncode, 1)
    self.assertEqual(process.stdout.count(': label_empty\n'), 20)
    self.assertTrue(process.stdout.endswith(
        '  3 not listed; --max_listed=23 lists all\n'))
    process = self._check('--max_listed=23')
    self.assertEqual(process.stdout.count(': label_empty\n'), 23)

  def test_legacy_layout(self):
    pictures.write_items(self._path, {
        'nSamples': b'1', 'image-0': pictures.png(), 'transcript-0': b'a'})
    process = self._check()
    self.assertEqual(process.returncode, 0, process.stderr)
    self.assertIn('legacy layout (nSamples, image-%d, transcript-%d, from 0)',
                  process.stdout)

  def test_set_without_records(self):
    pictures.write_lmdb(self._path, [])
    process = self._check()
    self.assertEqual(process.returncode, 0, process.stderr)
    self.assertIn('label length: none\n', process.stdout)

  def test_bad_input(self):
    pictures.write_lmdb(self._path, ['a'])
    os.truncate(os.path.join(self._path, 'data.mdb'), 9000)
    for arguments, message in (
        ([self._path], 'cut short'),
        ([os.path.dirname(self._path)], 'no data.mdb'),
        ([self._path + '/nothing'], 'does not exist'),
        ([], 'Takes one PATH, not 0'),
        ([self._path, self._path], 'Takes one PATH, not 2'),
        ([self._path, '--charset=63'], '--charset=63: neither')):
      with self.subTest(message):
        process = commands.run('-m', 'master.cli.check_lmdb', *arguments)
        self.assertEqual(process.returncode, 2)
        self.assertEqual(process.stdout, '')
        self.assertRegex(process.stderr,
                         f'^check_lmdb: error: [^\n]*{message}[^\n]*\n$')


if __name__ == '__main__':
  absltest.main()
