"""Tests of master/evaluation/protocols.py on hand cases."""

from absl.testing import absltest
from absl.testing import parameterized

from master.evaluation import protocols


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
        [protocols.fold(text, p)
         for p in ('alnum_ci', 'case_sensitive', 'exact')])

  def test_unknown_protocol_names_the_known_ones(self):
    with self.assertRaisesRegex(ValueError, "'lower'.*alnum_ci"):
      protocols.fold('a', 'lower')

  def test_the_headline_protocol_is_first(self):
    self.assertEqual(['alnum_ci', 'case_sensitive', 'exact'],
                     list(protocols.PROTOCOLS))


class EditDistanceTest(parameterized.TestCase):

  @parameterized.parameters(
      ('', '', 0), ('', 'abc', 3), ('abc', '', 3), ('abc', 'abc', 0),
      ('kitten', 'sitting', 3), ('abcd', 'bcd', 1), ('bcd', 'abcd', 1),
      ('ab', 'ba', 2), ('flaw', 'lawn', 2), ('日本語', '日木語', 1))
  def test_hand_cases(self, a, b, distance):
    self.assertEqual(distance, protocols.edit_distance(a, b))
    self.assertEqual(distance, protocols.edit_distance(b, a))

  @parameterized.parameters(
      ('', '', 1.0), ('abc', '', 0.0), ('', 'a', 0.0), ('abc', 'abc', 1.0),
      ('kitten', 'sitting', 1 - 3 / 7), ('ab', 'abcd', 0.5))
  def test_ned_is_over_the_longer(self, label, text, ned):
    self.assertAlmostEqual(ned, protocols.ned(label, text))


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
      judged = protocols.judge(label, text, protocol)
      with self.subTest(protocol):
        if expected is None:
          self.assertIsNone(judged)
        else:
          self.assertEqual(expected[0], judged.correct)
          self.assertAlmostEqual(expected[1], judged.ned)


if __name__ == '__main__':
  absltest.main()
