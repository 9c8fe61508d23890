"""Tests of master/metrics/protocols.py on hand cases."""

from absl.testing import absltest
from absl.testing import parameterized

from master.metrics import protocols


class FoldTest(parameterized.TestCase):

  @parameterized.parameters(
      ('Héllo, World 42!', 'helloworld42', 'HelloWorld42',
       'Héllo, World 42!'),
      ('Ｆｕｌｌ１', 'full1', 'Full1', 'Ｆｕｌｌ１'),
      ('ﬁne²', 'fine2', 'fine2', 'ﬁne²'),
      ('İstanbul', 'istanbul', 'Istanbul', 'İstanbul'),
      (' a b ', 'ab', 'ab', ' a b '),
      ('слово', '', '', 'слово'),
      ('', '', '', ''),
  )
  def test_keeps_what_the_protocol_counts(self, text, alnum_ci,
                                          case_sensitive, exact):
    self.assertEqual(
        [alnum_ci, case_sensitive, exact],
        [protocols.get(p).fold_label(text)
         for p in ('alnum_ci', 'case_sensitive', 'exact')])

  def test_unknown_protocol_names_the_known_ones(self):
    with self.assertRaisesRegex(ValueError, "'lower'.*alnum_ci"):
      protocols.get('lower')

  def test_the_headline_protocol_is_first(self):
    self.assertEqual(['alnum_ci', 'case_sensitive', 'exact'],
                     list(protocols.PROTOCOLS))


class JudgeTest(parameterized.TestCase):

  @parameterized.named_parameters(
      ('equal', 'Ab1', 'Ab1', (True, 1.0), (True, 1.0), (True, 1.0)),
      ('case', 'Ab1', 'aB1', (True, 1.0), (False, 1 / 3), (False, 1 / 3)),
      ('accents', 'café', 'cafe', (True, 1.0), (True, 1.0), (False, 0.75)),
      ('full_width', 'ＡＢ', 'AB', (True, 1.0), (True, 1.0), (False, 0.0)),
      ('punctuation', "don't", 'dont', (True, 1.0), (True, 1.0),
       (False, 0.8)),
      ('spaces', 'a b', 'ab', (True, 1.0), (True, 1.0), (False, 2 / 3)),
      ('empty_prediction', 'abc', '', (False, 0.0), (False, 0.0),
       (False, 0.0)),
      ('prediction_folds_to_nothing', 'a', '!', (False, 0.0), (False, 0.0),
       (False, 0.0)),
      ('label_folds_to_nothing', '!?', '!', None, None, (False, 0.5)),
      ('both_empty', '', '', None, None, None),
      ('empty_label', '', 'abc', None, None, None),
  )
  def test_hand_cases(self, label, text, alnum_ci, case_sensitive, exact):
    for protocol, expected in (('alnum_ci', alnum_ci),
                               ('case_sensitive', case_sensitive),
                               ('exact', exact)):
      score = protocols.score(label, text, protocol)
      with self.subTest(protocol):
        if expected is None:
          self.assertIsNone(score)
        else:
          self.assertEqual(expected[0], score.correct)
          self.assertAlmostEqual(expected[1], score.ned)

  @parameterized.named_parameters(
      # (correct, ned) under dtrb, master_tf and mmocr.
      ('case', 'Ab1', 'aB1', (True, 1.0), (True, 1.0), (True, 1.0)),
      ('wrong', 'abcd', 'abc', (False, 0.75), (False, 0.75), (False, 0.75)),
      ('accents', 'café', 'cafe', None, (False, 0.75), (False, 1 - 1 / 4)),
      ('full_width', 'Ａ', 'A', None, (False, 0.0), (False, 0.0)),
      ('punctuation', "don't", 'dont', None, (False, 0.8), (True, 1.0)),
      # The prediction's marks are dropped by dtrb too.
      ('marks_read', 'dont', "don't", (True, 1.0), (False, 0.8), (True, 1.0)),
      ('spaces', 'a b', 'ab', None, (False, 2 / 3), (True, 1.0)),
      ('caret', 'a^b', 'ab', None, (False, 2 / 3), (False, 2 / 3)),
      ('chinese', '中a', '中a', None, (True, 1.0), (True, 1.0)),
      ('kana', 'かa', 'a', None, (False, 0.5), (True, 1.0)),
      ('empty_prediction', 'abc', '', (False, 0.0), (False, 0.0),
       (False, 0.0)),
      ('both_empty', '', '', (True, 0.0), (True, 1.0), (True, 1.0)),
      ('only_marks', '?!', '', None, (False, 0.0), (True, 1.0)),
      ('at_the_limit', 'a' * 25, 'a' * 25, (True, 1.0), (True, 1.0),
       (True, 1.0)),
      ('beyond_the_limit', 'a' * 26, 'a' * 26, None, (True, 1.0),
       (True, 1.0)),
  )
  def test_of_other_projects(self, label, text, *expected):
    for protocol, wanted in zip(('dtrb', 'master_tf', 'mmocr'), expected):
      score = protocols.score(label, text, protocol)
      with self.subTest(protocol):
        if wanted is None:
          self.assertIsNone(score)
        else:
          self.assertEqual(wanted[0], score.correct)
          self.assertAlmostEqual(wanted[1], score.ned)

  def test_says_why_a_sample_is_left_out(self):
    self.assertEqual(
        ['empty_label', 'label_too_long', 'label_outside_charset', None,
         'label_too_long', None],
        [protocols.get(protocol).left_out(label) for protocol, label in (
            ('exact', ''), ('dtrb', 'a' * 26), ('dtrb', 'a b'), ('dtrb', ''),
            ('master_tf', 'a' * 51), ('master_tf', 'a' * 50))])


if __name__ == '__main__':
  absltest.main()
