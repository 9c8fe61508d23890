"""Tests of the marks of differences."""

from absl.testing import absltest
from absl.testing import parameterized

from master.report import differences


class DifferencesTest(parameterized.TestCase):

  @parameterized.named_parameters(
      ('equal', 'word', 'word', 'exact', '....', '....'),
      ('substituted', 'word', 'w0rd', 'exact', '.s..', '.s..'),
      ('missing', 'word', 'wod', 'exact', '..m.', '...'),
      ('added', 'word', 'wordy', 'exact', '....', '....a'),
      ('empty', 'ab', '', 'exact', 'mm', ''),
      ('nothing at all', '', '', 'exact', '', ''),
      ('case that counts', 'Ab', 'ab', 'exact', 's.', 's.'),
      ('case that does not', 'Ab', 'ax', 'alnum_ci', 'us', 'us'),
      ('stop that does not', 'a.b', 'ac', 'alnum_ci', '.us', '.s'),
      ('accent that does not', 'caf\u00e9s', 'cafe', 'alnum_ci', '...um',
       '...u'),
      ('one character folded to three', '\u00bdx', 'x', 'alnum_ci', 'm.', '.'),
  )
  def test_marks(self, label, text, protocol, of_label, of_text):
    self.assertEqual(differences.find(label, text, protocol),
                     (of_label, of_text))

  def test_folding_that_goes_by_more_than_characters(self):
    # A final sigma is told by what stands before it.
    found = differences.find('\u039f\u03a3', '\u03bf', 'dtrb')
    self.assertEqual(found.of_label[1], differences.MISSING)


if __name__ == '__main__':
  absltest.main()
