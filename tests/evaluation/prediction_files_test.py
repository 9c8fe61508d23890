"""Tests of master/evaluation/prediction_files.py: forms and faults."""

import json
import os

from absl.testing import absltest
from absl.testing import parameterized

from master import errors
from master.evaluation import prediction_files

_ROWS = {('A', 1): ('one', 0.5), ('A', 20): ('', None),
         ('B', 1): ('два', 1.0)}


def _json_lines(*rows):
  return ''.join(json.dumps(row) + '\n' for row in rows)


class _FileTest(parameterized.TestCase):

  def _file(self, content):
    if isinstance(content, str):
      content = content.encode('utf-8')
    return self.create_tempfile('texts', content, mode='wb').full_path

  def _read(self, content, *set_names):
    return prediction_files.read(self._file(content), list(set_names)).texts

  def _assert_fault(self, content, place, pattern, *set_names):
    path = self._file(content)
    with self.assertRaises(errors.InputError) as caught:
      prediction_files.read(path, set_names or ['A', 'B'])
    message = str(caught.exception)
    self.assertStartsWith(message, f'{path}{place}: ')
    self.assertRegex(message[len(path):], pattern)
    self.assertNotIn('\n', message)


class FormsTest(_FileTest):

  def test_json_lines(self):
    content = _json_lines(
        {'set': 'A', 'index': 1, 'text': 'one', 'confidence': 0.5, 'more': [1]},
        {'set': 'A', 'key': 'image-000000020', 'text': '', 'index': None},
        {'confidence': 1, 'text': 'два', 'key': 'b/1.jp2', 'index': 1,
         'set': 'B'})
    self.assertEqual(_ROWS, self._read(content, 'A', 'B'))

  def test_what_an_evaluation_has_written(self):
    folder = self.create_tempdir()
    folder.create_file('predictions.jsonl', _json_lines(
        {'set': 'A', 'index': 3, 'label': 'x', 'text': 'y', 'confidence': None,
         'width': 5, 'height': 7, 'char_confidence': [0.5]}))
    found = prediction_files.read(folder.full_path, ['A'])
    self.assertEqual({('A', 3): ('y', None)}, found.texts)
    self.assertEqual(os.path.join(folder.full_path, 'predictions.jsonl'),
                     found.path)

  def test_an_evaluation_of_more_sets_is_judged_on_some(self):
    folder = self.create_tempdir()
    folder.create_file('predictions.jsonl', _json_lines(
        {'set': 'A', 'index': 1, 'text': 'a'},
        {'set': 'B', 'index': 1, 'text': 'b'},
        {'set': 'C', 'index': 2, 'text': 'c'}))
    path = folder.full_path
    self.assertEqual({('B', 1): ('b', None)},
                     prediction_files.read(path, ['B', 'D']).texts)
    with self.assertRaisesRegex(errors.InputError,
                                f'^{path}/.*: has no line of a record of D'):
      prediction_files.read(path, ['D'])
    # In a file it would be a set that was mistyped.
    with self.assertRaisesRegex(errors.InputError, 'jsonl:1: unknown set'):
      prediction_files.read(os.path.join(path, 'predictions.jsonl'), ['B'])

  @parameterized.named_parameters(
      ('plain', 'A\t1\tone\t0.5\nA\timage-000000020\t\t\nB\tw_1.png\tдва\t1\n'),
      ('no_newline_at_the_end', 'A\t1\tone\t.5\nA\t20\t\t\nB\t1\tдва\t1'),
      ('crlf', 'A\t1\tone\t0.5\r\nA\t20\t\t\r\n\r\nB\t1\tдва\t1\r\n'),
      ('mark', '\ufeffA\t1\tone\t0.5\nA\t20\t\t\nB\t1\tдва\t1.0\n'),
      ('named', 'Text\tkey\tscore\tset\tconfidence\none\t01\tx\tA\t0.5\n'
       '\t20\t\tA\t\nдва\tx1.a\t\tB\t1\n'),
      ('index_and_key', 'index\tset\tkey\ttext\tconfidence\n1\tA\tx1\tone\t.5'
       '\n20\tA\tx20\t\t\n1\tB\tx1\tдва\t1\n'))
  def test_tables(self, content):
    self.assertEqual(_ROWS, self._read(content, 'A', 'B'))

  @parameterized.named_parameters(
      ('two_columns', '1\tone\n2\t7\n', None),
      ('three', '1\tone\t0.5\n2\t7\t0.5\n', 0.5),
      ('three_with_the_set', 'A\t1\tone\nA\t2\t7\n', None),
      ('four', 'A\t1\tone\t0.5\nA\t2\t7\t0.5\n', 0.5),
      ('named', 'index\ttext\n1\tone\n2\t7\n', None),
      ('json', _json_lines({'index': 1, 'text': 'one'},
                           {'index': 2, 'text': '7'}), None),
      ('blank_lines', '\n \n1\tone\n\n2\t7\n\n', None))
  def test_one_set_may_go_without_saying(self, content, confidence):
    self.assertEqual({('A', 1): ('one', confidence),
                      ('A', 2): ('7', confidence)}, self._read(content, 'A'))

  def test_a_number_as_text_is_no_confidence(self):
    self.assertEqual({('IC15', 3): ('1', None), ('IC15', 4): ('', None)},
                     self._read('IC15\t3\t1\nIC15\t4\t\n', 'IC15'))

  def test_texts_of_a_table_are_taken_as_they_are(self):
    self.assertEqual(
        {('A', 1): (r'C:\temp\new', None), ('A', 2): ('"a" ', None),
         ('A', 3): ('a\u2028b\x0c', None)},
        self._read('1\tC:\\temp\\new\n2\t"a" \n3\ta\u2028b\x0c\n', 'A'))

  def test_json_holds_any_text(self):
    text = 'tab\tline\nreturn\r\\t\u2028'
    self.assertEqual({('A', 1): (text, None)},
                     self._read(_json_lines({'index': 1, 'text': text}), 'A'))

  @parameterized.parameters(
      ('7', 7), ('0', 0), ('image-000000007', 7), ('7.png', 7), ('v2/7.jp2', 7),
      ('IIIT5K/word_7_', 7), ('1_2_7', 7))
  def test_the_last_number_of_a_key(self, key, index):
    self.assertEqual([('A', index)], list(self._read(f'{key}\tx\n', 'A')))

  def test_lines_are_told(self):
    found = prediction_files.read(self._file('\n4\tx\n\n3\ty\n'), ['A'])
    self.assertEqual({('A', 4): 2, ('A', 3): 4}, found.lines)

  def test_many_lines(self):
    found = self._read(''.join(f'A\t{i}\tx\n' for i in range(20011)), 'A', 'B')
    self.assertLen(found, 20011)


class FaultsTest(_FileTest):

  @parameterized.named_parameters(
      ('unknown_set', {'set': 'C', 'index': 1, 'text': ''},
       "unknown set 'C'; take .* A, B"),
      ('set_no_string', {'set': ['A'], 'index': 1, 'text': ''}, 'unknown set'),
      ('no_set', {'index': 1, 'text': ''}, 'names no set; .* A, B'),
      ('no_record', {'set': 'A', 'text': ''}, 'add "index" or "key"'),
      ('two_records', {'set': 'A', 'index': 1, 'key': 'x2', 'text': ''},
       'different records, 1 and 2'),
      ('bool_index', {'set': 'A', 'index': True, 'text': ''},
       '"index" is True'),
      ('negative_index', {'set': 'A', 'index': -1, 'text': ''},
       '"index" is -1'),
      ('text_index', {'set': 'A', 'index': '1', 'text': ''}, "is '1'; write"),
      ('key_without_a_number', {'set': 'A', 'key': 'image', 'text': ''},
       "'image' names no record"),
      ('long_key', {'set': 'A', 'key': '1' * 5000, 'text': ''},
       'names no record'),
      ('number_as_key', {'set': 'A', 'key': 3, 'text': ''}, '3 names no'),
      ('number_as_text', {'set': 'A', 'index': 1, 'text': 5},
       '"text" is 5; write a string'),
      ('no_text', {'set': 'A', 'index': 1}, '"text" is None'),
      ('high_confidence',
       {'set': 'A', 'index': 1, 'text': '', 'confidence': 1.01},
       'confidence is 1.01; write a number in .0, 1'),
      ('nan', {'set': 'A', 'index': 1, 'text': '', 'confidence': float('nan')},
       'confidence is nan'),
      ('bool_confidence',
       {'set': 'A', 'index': 1, 'text': '', 'confidence': True},
       'confidence is True'),
      ('text_confidence',
       {'set': 'A', 'index': 1, 'text': '', 'confidence': '0.5'},
       "confidence is '0.5'"),
      ('no_object', [1], 'no JSON object'))
  def test_of_a_json_line(self, row, pattern):
    good = {'set': 'A', 'index': 5, 'text': ''}
    self._assert_fault(_json_lines(good, row, {**good, 'index': 6}), ':2',
                       pattern)

  @parameterized.parameters(
      ('{"index": 1, "text": "a", "text": "b"}', "'text' stands twice"),
      ('{"index": 1, "text": "a", "x": {"y": 1, "y": 2}}', "'y' stands twice"),
      ('{"index": 1, "text": "a"', 'no JSON'),
      ('{"index": 1} {"index": 2}', 'no JSON'),
      ("{'index': 1}", 'no JSON .* at character 2'),
      # Some versions of Python read so long a number.
      ('{"index": ' + '1' * 5000 + '}', 'no JSON|"text" is None'),
      ('[' * 200000, 'no JSON'),
      ('1\ttext', 'no JSON'))
  def test_of_json(self, line, pattern):
    content = '{"index": 7, "text": ""}\n' + line + '\n'
    self._assert_fault(content, ':2', pattern, 'A')

  @parameterized.named_parameters(
      ('unknown_set', 'C\t2\tx\t0.5', "unknown set 'C'"),
      ('no_number', 'A\tx\tx\t0.5', "'x' names no record"),
      ('negative', 'A\t-2\tx\t0.5', "'-2' names no record"),
      ('fraction', 'A\t2.0\tx\t0.5', "'2.0' names no record"),
      ('confidence', 'A\t2\tx\t1.5', 'confidence is 1.5'),
      ('nan', 'A\t2\tx\tnan', 'confidence is nan'),
      ('words', 'A\t2\tx\thigh', "confidence is 'high'"),
      ('fewer_columns', 'A\t2\tx', 'has 3 columns and the first line 4'),
      ('more_columns', 'A\t2\tx\ty\t0.5', 'has 5 columns'),
      ('no_tab', 'A 2 x', 'has 1 columns'))
  def test_of_a_line_of_a_table(self, line, pattern):
    self._assert_fault(f'A\t1\tx\t0.5\n{line}\nA\t3\tx\t0.5\n', ':2', pattern)

  @parameterized.named_parameters(
      ('array', '[{"index": 1}]', 'has 1 columns; write JSON objects', 'A'),
      ('no_set_of_two', '1\tx', 'has 2 columns', 'A', 'B'),
      ('five', 'A\t1\tx\t1\ty', 'has 5 columns', 'A'),
      ('unknown_set_of_one', 'IC13\t1\tx', "unknown set 'IC13'", 'IC15'),
      ('confidence', '1\tx\t1.5', 'confidence is 1.5', 'A'),
      ('two_names', 'index\ttext\ttext', 'two columns are named text', 'A'))
  def test_of_the_first_line(self, line, pattern, *set_names):
    self._assert_fault(line + '\n', ':1', pattern, *set_names)

  def test_names_without_a_set(self):
    self._assert_fault('key\ttext\nx1\ty\n', ':2', 'names no set')

  @parameterized.parameters('A\t1\tx\n\nA\t2\ty\nA\t01\tx\n', _json_lines(
      {'set': 'A', 'index': 1, 'text': 'x'}, {'set': 'B', 'index': 1,
                                              'text': 'x'},
      {'set': 'A', 'index': 2, 'text': 'x'}, {'set': 'A', 'key': 'x1',
                                              'text': 'y'}))
  def test_repeated_records_name_both_lines(self, content):
    self._assert_fault(content, ':4',
                       'set A, record 1 stands in line 1 already')

  @parameterized.parameters(
      '{"index": 1, "text": "x"}\n{"index": 2, "te',
      '1\tx\t0.5\n2\ty')
  def test_a_torn_last_line(self, content):
    self._assert_fault(content, ':2', 'may be torn: write it anew', 'A')
    # A line with its end is not.
    self._assert_fault(content + '\n', ':2', '^:2: (?!.*may be torn)', 'A')

  def test_a_last_line_with_another_fault_is_not_torn(self):
    self._assert_fault('1\tx\t0.5\n2\ty\t7', ':2', 'is 7.0; .* none.$', 'A')

  def test_a_whole_last_line_needs_no_newline(self):
    self.assertEqual({('A', 1): ('x', None)},
                     self._read('{"index": 1, "text": "x"}', 'A'))

  def test_of_the_whole_file(self):
    for content in (b'', b'\n \r\n', b'\xef\xbb\xbf\n'):
      self._assert_fault(content, '', 'is empty; name', 'A')
    self._assert_fault('index\ttext\n', '', 'no line of a record of A', 'A')
    self._assert_fault(b'1\tx\n2\t\xff\n', ':2', 'not UTF-8; write', 'A')
    self._assert_fault('1\tx\n'.encode('utf-16'), ':1', 'not UTF-8', 'A')

  def test_missing_files(self):
    folder = self.create_tempdir().full_path
    for path, named in ((folder, 'predictions.jsonl'), (f'{folder}/x', 'x')):
      with self.assertRaisesRegex(
          errors.InputError, f'^{folder}/{named}: .*No such file.*; name'):
        prediction_files.read(path, ['A'])


if __name__ == '__main__':
  absltest.main()
