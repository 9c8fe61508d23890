"""Edit distance of two texts, and the characters it pairs.

Written here: rapidfuzz is 50 times as fast, but no dependency of this package,
and texts are compared in a hundredth of the time that reading them takes.
"""


def _common_ends(a: str, b: str) -> tuple[int, int]:
  """Lengths of the prefix and of the suffix in common; they do not overlap."""
  shorter = min(len(a), len(b))
  prefix = 0
  while prefix < shorter and a[prefix] == b[prefix]:
    prefix += 1
  suffix = 0
  while suffix < shorter - prefix and a[-1 - suffix] == b[-1 - suffix]:
    suffix += 1
  return prefix, suffix


def _next_row(row: list[int], in_a: str, b: str) -> list[int]:
  """From the distances of some of `a` to each start of `b`, those of one more.

  Args:
    row: distances to the first 0, 1, ..., len(b) characters of `b`.
    in_a: the next character of `a`.
    b: the other text.
  """
  left = row[0] + 1
  found = [left]
  for j, in_b in enumerate(b):
    best = row[j] + (in_a != in_b)
    if left + 1 < best:
      best = left + 1
    if row[j + 1] < best:
      best = row[j + 1] + 1
    found.append(best)
    left = best
  return found


def edit_distance(a: str, b: str) -> int:
  """Fewest insertions, deletions and replacements of code points (a to b)."""
  if a == b:
    return 0
  # Most misread words differ in one place; only that is gone through.
  prefix, suffix = _common_ends(a, b)
  a, b = a[prefix:len(a) - suffix], b[prefix:len(b) - suffix]
  if not a or not b:
    return len(a) + len(b)
  row = list(range(len(b) + 1))
  for in_a in a:
    row = _next_row(row, in_a, b)
  return row[-1]


def ned(label: str, text: str) -> float:
  """1 - edit distance / length of the longer, in [0, 1]; 1 is equal."""
  longer = max(len(label), len(text))
  return 1 - edit_distance(label, text) / longer if longer else 1.0


def _align_cores(label: str, text: str) -> list[tuple[str, str]]:
  """`align` of texts that differ at both ends."""
  rows = [list(range(len(text) + 1))]
  for character in label:
    rows.append(_next_row(rows[-1], character, text))
  pairs = []
  i, j = len(label), len(text)
  while i and j:
    cost = rows[i][j]
    if rows[i - 1][j - 1] + (label[i - 1] != text[j - 1]) == cost:
      i, j = i - 1, j - 1
      pairs.append((label[i], text[j]))
    elif rows[i - 1][j] + 1 == cost:
      i -= 1
      pairs.append((label[i], ''))
    else:
      j -= 1
      pairs.append(('', text[j]))
  return ([(c, '') for c in label[:i]] + [('', c) for c in text[:j]]
          + pairs[::-1])


def align(label: str, text: str) -> list[tuple[str, str]]:
  """Which character was read as which, with as few faults as possible.

  Of several alignments with the fewest faults always the same is given: what
  both texts begin and end with is paired; in between, from the end to the
  beginning, two characters are paired, equal or not, wherever that costs no
  fault more; then one that was left out goes before one that was put in.

  Args:
    label: the true text.
    text: the text read.

  Returns:
    (character of the label, character read) in order, equal ones included;
    '' stands for nothing: ('e', '') was left out, ('', 's') put in.
  """
  prefix, suffix = _common_ends(label, text)
  end, text_end = len(label) - suffix, len(text) - suffix
  return [*((c, c) for c in label[:prefix]),
          *_align_cores(label[prefix:end], text[prefix:text_end]),
          *((c, c) for c in label[end:])]
