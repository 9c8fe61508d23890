"""Word accuracy and NED in the graph, as EVAL metrics of a model_fn."""

from typing import Optional

import numpy as np
import tensorflow.compat.v1 as tf

from master.metrics import protocols

_FIELDS = {'word_accuracy': 'correct', 'ned': 'ned'}  # Of a Score.

# One column of values for each metric: (name, protocol, field of Score).
_METRICS = tuple(
    (name, name.partition('/')[2], _FIELDS[name.partition('/')[0]])
    for name in protocols.METRICS)


def _score_batch(texts: np.ndarray, labels: np.ndarray) -> np.ndarray:
  """Values and weights float32 [2, metrics, B]; weight 0 is left out."""
  scores = np.zeros([2, len(_METRICS), len(labels)], np.float32)
  for column, (text, label) in enumerate(zip(texts, labels)):
    text = text.decode('utf-8', 'replace')
    label = label.decode('utf-8', 'replace')
    for row, (_, protocol, field) in enumerate(_METRICS):
      score = protocols.score(label, text, protocol)
      if score is not None:
        scores[:, row, column] = getattr(score, field), 1
  return scores


def word_metric_ops(
    predicted_texts: tf.Tensor, label_texts: tf.Tensor,
    weights: Optional[tf.Tensor] = None
) -> dict[str, tuple[tf.Tensor, tf.Tensor]]:
  """Streaming metrics of texts read.

  Args:
    predicted_texts: string [B], UTF-8.
    label_texts: string [B], UTF-8.
    weights: float32 [B] or None for ones; 0 leaves a sample out, as an empty
      label after folding does.

  Returns:
    (value op, update op) by name: `word_accuracy/` and `ned/` of each
    protocol, all in [0, 1].
  """
  with tf.name_scope('word_metrics'):
    scores = tf.numpy_function(_score_batch, [predicted_texts, label_texts],
                               tf.float32)
    scores.set_shape([2, len(_METRICS), predicted_texts.shape[0]])
    ops = {}
    for row, (name, _, _) in enumerate(_METRICS):
      kept = scores[1, row]
      if weights is not None:
        kept *= tf.cast(weights, tf.float32)
      ops[name] = tf.metrics.mean(scores[0, row], kept,
                                  name=name.replace('/', '_'))
    return ops
