"""What the decoder reads when the text is known."""

import tensorflow.compat.v1 as tf


def shift_right(ids: tf.Tensor, sos_id: int) -> tf.Tensor:
  """What the decoder reads so that position i predicts ids[:, i].

  Args:
    ids: int32 [B, T]: characters, `<EOS>`, `<PAD>`.
    sos_id: id that stands before the first of them.

  Returns:
    int32 [B, T]: `<SOS>`, then the ids but the last.
  """
  return tf.pad(ids[:, :-1], [[0, 0], [1, 0]], constant_values=sos_id)
