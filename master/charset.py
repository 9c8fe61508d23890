"""Character sets: text to class ids and back, in Python and in the graph.

Class ids are part of the checkpoint format: `<PAD>` 0, `<EOS>` 1, `<SOS>` 2,
`<UNK>` 3, then the characters in order.
"""

import os
import string
from typing import Sequence

import numpy as np

from master import errors

PAD_ID = 0
EOS_ID = 1
SOS_ID = 2
UNK_ID = 3
SPECIAL_NAMES = ('<PAD>', '<EOS>', '<SOS>', '<UNK>')  # By class id.
NUM_SPECIAL = len(SPECIAL_NAMES)

# The sizes this field names its protocols by. 94 is all of printable ASCII
# but the space, digits and letters first so that it extends 62. 95 is what
# MASTER-pytorch reads, in the order of its classes. flags/charsets/ has files
# of those that published weights use.
NAMED_CHARSETS = {
    '36': string.digits + string.ascii_lowercase,
    '62': string.digits + string.ascii_lowercase + string.ascii_uppercase,
    '94': (string.digits + string.ascii_lowercase + string.ascii_uppercase
           + string.punctuation),
    '95': (string.digits + string.ascii_lowercase + string.ascii_uppercase
           + ' `~!@#$%^&*()-_=+{}[]|:;\\/\'",.<>?'),
}


class Charset:
  """An ordered set of characters and its mapping to class ids.

  A character whose other case alone is in the set is read as that case, so a
  lower-case set encodes `Hello` as `hello`.
  """

  def __init__(self, characters: str):
    """Constructs the mapping.

    Args:
      characters: the characters in class order, each a single code point.

    Raises:
      InputError: if it is empty or a character stands twice.
    """
    if not characters:
      raise errors.InputError('The charset is empty: name 36, 62, 94, 95 or a '
                              'file with one character a line.')
    repeated = sorted({c for c in characters if characters.count(c) > 1})
    if repeated:
      raise errors.InputError(
          f'The charset holds {repeated[0]!r} more than once: keep one.')
    self.characters = characters
    self._ids = {c: NUM_SPECIAL + i for i, c in enumerate(characters)}
    for character, class_id in list(self._ids.items()):
      for variant in (character.upper(), character.lower()):
        if len(variant) == 1:
          self._ids.setdefault(variant, class_id)

  @property
  def num_classes(self) -> int:
    """Number of classes, the four special ones included."""
    return NUM_SPECIAL + len(self.characters)

  def unknown(self, text: str) -> str:
    """The characters of `text` that have no class, in order of appearance."""
    return ''.join(c for c in text if c not in self._ids)

  def encode(self, text: str, length: int) -> np.ndarray:
    """Class ids of `text`, `<EOS>`, then `<PAD>`.

    Args:
      text: any string; characters outside the set become `<UNK>`.
      length: number of ids. A longer text is cut, and then has no `<EOS>`.

    Returns:
      int32 [length].
    """
    return self.encode_batch([text], length)[0]

  def encode_batch(self, texts: Sequence[str], length: int) -> np.ndarray:
    """`encode` of N texts: int32 [N, length]."""
    batch = np.full([len(texts), length], PAD_ID, np.int32)
    for row, text in zip(batch, texts):
      ids = [self._ids.get(c, UNK_ID) for c in text] + [EOS_ID]
      row[:len(ids)] = ids[:length]
    return batch

  def decode(self, ids: Sequence[int]) -> str:
    """The text of `ids` up to `<EOS>`; special ids stand for no character."""
    characters = []
    for class_id in ids:
      if class_id == EOS_ID:
        break
      if class_id >= NUM_SPECIAL:
        characters.append(self.characters[class_id - NUM_SPECIAL])
    return ''.join(characters)

  def encode_tensor(self, texts, length: int):
    """`encode` in the graph; its table is in TABLE_INITIALIZERS.

    Args:
      texts: string [B], UTF-8.
      length: number of ids.

    Returns:
      int32 [B, length].
    """
    # Imported here so that tools without a graph start without TensorFlow.
    import tensorflow.compat.v1 as tf
    with tf.name_scope('encode_texts'):
      table = tf.lookup.StaticHashTable(
          tf.lookup.KeyValueTensorInitializer(
              list(self._ids), list(self._ids.values()),
              key_dtype=tf.string, value_dtype=tf.int32),
          default_value=UNK_ID)
      characters = tf.strings.unicode_split(texts, 'UTF-8')  # [B, ragged]
      ids = tf.ragged.map_flat_values(table.lookup, characters)
      eos = tf.fill([ids.nrows(), 1], EOS_ID)
      ids = tf.concat([ids, eos], axis=1)
      return ids.to_tensor(PAD_ID, shape=[None, length])  # [B, length]

  def decode_tensor(self, ids):
    """`decode` in the graph, from constants alone (nothing to initialise).

    Args:
      ids: int32 [B, T].

    Returns:
      string [B], UTF-8.
    """
    import tensorflow.compat.v1 as tf
    with tf.name_scope('decode_ids'):
      symbols = tf.constant([''] * NUM_SPECIAL + list(self.characters))
      ended = tf.cumsum(tf.cast(tf.equal(ids, EOS_ID), tf.int32), axis=1) > 0
      kept = tf.where(ended, tf.fill(tf.shape(ids), PAD_ID), ids)
      return tf.strings.reduce_join(tf.gather(symbols, kept), axis=1)


def load_characters(name_or_path: str) -> str:
  """The characters of `--charset`.

  Args:
    name_or_path: 36, 62, 94 or 95, or a UTF-8 file with one character a line
      (any script; a line that holds just a space is the space).

  Returns:
    The characters in class order.

  Raises:
    InputError: naming the file and line, if it cannot be read as a charset.
  """
  if name_or_path in NAMED_CHARSETS:
    return NAMED_CHARSETS[name_or_path]
  if not os.path.isfile(name_or_path):
    raise errors.InputError(
        f'--charset={name_or_path}: neither 36, 62, 94 or 95 nor a file.')
  try:
    with open(name_or_path, encoding='utf-8-sig', newline='') as f:
      lines = f.read().replace('\r\n', '\n').split('\n')
  except UnicodeDecodeError as e:
    raise errors.InputError(
        f'--charset={name_or_path}: not UTF-8 at byte {e.start}; save the '
        'file as UTF-8.') from e
  if lines and not lines[-1]:
    lines.pop()
  for number, line in enumerate(lines, 1):
    if len(line) != 1:
      raise errors.InputError(
          f'--charset={name_or_path}: line {number} holds {len(line)} '
          'characters; write one character a line.')
  try:
    return Charset(''.join(lines)).characters
  except errors.InputError as e:
    raise errors.InputError(f'--charset={name_or_path}: {e}') from e
