"""Tests of master/charset.py."""

import pathlib

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master import charset
from master import errors
from tests.support import commands
from tests.support import test_util

_TEXTS = ['', 'a', 'Hello', 'hELLO', 'a-b', 'été', '日本', 'İß', 'abcdefghij',
          'z' * 20, 'a b', '\0a']


class CharsetTest(tf.test.TestCase, parameterized.TestCase):

  def test_special_ids_and_order_are_those_of_the_checkpoints(self):
    self.assertEqual((0, 1, 2, 3), (charset.PAD_ID, charset.EOS_ID,
                                    charset.SOS_ID, charset.UNK_ID))
    self.assertEqual(charset.NAMED_CHARSETS['62'],
                     '0123456789abcdefghijklmnopqrstuvwxyz'
                     'ABCDEFGHIJKLMNOPQRSTUVWXYZ')
    self.assertEqual({'36': 36, '62': 62, '94': 94, '95': 95},
                     {name: len(set(characters)) for name, characters
                      in charset.NAMED_CHARSETS.items()})
    printable = {chr(code) for code in range(33, 127)}
    self.assertEqual(printable, set(charset.NAMED_CHARSETS['94']))
    named = charset.Charset(charset.NAMED_CHARSETS['62'])
    self.assertEqual(66, named.num_classes)
    self.assertAllEqual([4, 14, 40, 65, 1, 0, 0],
                        named.encode('0aAZ', 7))

  def test_longer_sets_extend_shorter_ones(self):
    names = charset.NAMED_CHARSETS
    self.assertStartsWith(names['62'], names['36'])
    self.assertStartsWith(names['94'], names['62'])
    self.assertStartsWith(names['95'], names['62'] + ' `~!@#')
    self.assertEqual({*names['94'], ' '}, set(names['95']))

  @parameterized.parameters(('62', '62'), ('95', 'master_pytorch_95'))
  def test_files_of_the_charsets_of_published_weights(self, name, file):
    path = pathlib.Path(__file__).parents[1] / f'flags/charsets/{file}.txt'
    self.assertEqual(charset.NAMED_CHARSETS[name],
                     charset.load_characters(str(path)))

  def test_encode_pads_and_cuts(self):
    abc = charset.Charset('abc')
    self.assertAllEqual([4, 6, 1, 0, 0], abc.encode('ac', 5))
    self.assertAllEqual([1, 0], abc.encode('', 2))
    self.assertAllEqual([4, 5, 6], abc.encode('abc', 3))
    self.assertAllEqual([4, 5], abc.encode('abc', 2))
    self.assertAllEqual([4, 3, 6, 1], abc.encode('a?c', 4))
    self.assertEqual(np.int32, abc.encode('ac', 5).dtype)

  def test_other_case_is_read_where_only_one_is_in_the_set(self):
    lower = charset.Charset('abé')
    self.assertAllEqual(lower.encode('abé', 4), lower.encode('ABÉ', 4))
    self.assertEqual('', lower.unknown('Ab'))
    both = charset.Charset('aA')
    self.assertAllEqual([4, 5, 1], both.encode('aA', 3))
    # Upper case of ß is two letters: no single character stands for it.
    self.assertEqual('S', charset.Charset('ß').unknown('ßS'))

  def test_unknown_keeps_order_and_repeats(self):
    self.assertEqual('-?-', charset.Charset('ab').unknown('a-b?-'))

  def test_decode_ends_at_eos_and_skips_specials(self):
    abc = charset.Charset('abc')
    self.assertEqual('ab', abc.decode([4, 5, 1, 6]))
    self.assertEqual('ac', abc.decode([2, 4, 3, 0, 6]))
    self.assertEqual('', abc.decode([1, 4]))
    self.assertEqual('', abc.decode([]))

  @parameterized.parameters('abcdehlo', 'Helo日本é', 'ABC', 'ß-i')
  def test_graph_encodes_and_decodes_as_python(self, characters):
    known = charset.Charset(characters)
    with test_util.graph_session() as session:
      texts = tf.placeholder(tf.string, [None])
      ids = known.encode_tensor(texts, 6)
      self.assertEqual([None, 6], ids.shape.as_list())
      decoded = known.decode_tensor(ids)
      session.run(tf.tables_initializer())
      in_graph, read = session.run(
          [ids, decoded], {texts: [text.encode() for text in _TEXTS]})
    expected = np.stack([known.encode(text, 6) for text in _TEXTS])
    self.assertAllEqual(expected, in_graph)
    self.assertEqual([known.decode(row) for row in expected],
                     [text.decode() for text in read])

  def test_graph_decodes_any_ids_as_python(self):
    known = charset.Charset('aé日')
    ids = np.random.RandomState(3).randint(0, 7, [50, 5]).astype(np.int32)
    with test_util.graph_session() as session:
      read = session.run(known.decode_tensor(tf.constant(ids)))
      none = session.run(known.decode_tensor(tf.zeros([0, 5], tf.int32)))
    self.assertEqual([known.decode(row) for row in ids],
                     [text.decode() for text in read])
    self.assertEqual((0,), none.shape)

  def test_graph_takes_bytes_that_are_no_utf8(self):
    known = charset.Charset('ab')
    with test_util.graph_session() as session:
      ids = known.encode_tensor(tf.constant([b'a\xffb']), 4)
      session.run(tf.tables_initializer())
      self.assertAllEqual([[4, 3, 5, 1]], session.run(ids))

  def test_python_side_does_not_load_tensorflow(self):
    code = ('import sys; from master import charset; '
            'charset.Charset(charset.load_characters("62")).encode("a", 3); '
            'sys.exit("tensorflow" in sys.modules)')
    finished = commands.run('-c', code)
    self.assertEqual(0, finished.returncode, finished.stderr)

  def test_faulty_sets_are_told(self):
    with self.assertRaisesRegex(errors.InputError, 'empty'):
      charset.Charset('')
    with self.assertRaisesRegex(errors.InputError, "'b' more than once"):
      charset.Charset('abcb')


class LoadCharactersTest(tf.test.TestCase, parameterized.TestCase):

  def file(self, content: bytes) -> str:
    return self.create_tempfile(content=content, mode='wb').full_path

  @parameterized.parameters('36', '62', '94')
  def test_names(self, name):
    self.assertLen(charset.load_characters(name), int(name))

  @parameterized.named_parameters(
      ('plain', 'b\na\n日\n'.encode(), 'ba日'),
      ('no_newline_at_the_end', b'a\nb', 'ab'),
      ('windows', b'a\r\nb\r\n', 'ab'),
      ('byte_order_mark', b'\xef\xbb\xbfa\nb\n', 'ab'),
      ('space', b'a\n \nb\n', 'a b'),
      ('line_separators_are_characters', 'a\n\u2028\nb'.encode(),
       'a\u2028b'))
  def test_file(self, content, expected):
    self.assertEqual(expected, charset.load_characters(self.file(content)))

  @parameterized.named_parameters(
      ('empty', b'', 'empty'),
      ('empty_line', b'a\n\nb\n', 'line 2 holds 0'),
      ('two_characters', b'a\nbc\n', 'line 2 holds 2'),
      ('twice', b'a\nb\na\n', "'a' more than once"),
      ('no_utf8', b'a\n\xff\n', 'not UTF-8 at byte 2'))
  def test_faulty_file_is_one_line(self, content, message):
    with self.assertRaisesRegex(errors.InputError, message) as caught:
      charset.load_characters(self.file(content))
    self.assertNotIn('\n', str(caught.exception))
    self.assertStartsWith(str(caught.exception), '--charset=/')

  @parameterized.parameters('63', '/no/such/file', '')
  def test_neither_name_nor_file(self, value):
    with self.assertRaisesRegex(errors.InputError, '--charset='):
      charset.load_characters(value)

  def test_directory_is_no_file(self):
    with self.assertRaisesRegex(errors.InputError, '--charset='):
      charset.load_characters(self.create_tempdir().full_path)


if __name__ == '__main__':
  tf.test.main()
