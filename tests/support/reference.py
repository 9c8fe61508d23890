"""NumPy versions of the layers, written from the papers' formulas.

They take `weights`, variable values by name, and the prefix of their names.
Loops stand where they say the formula most plainly.
"""

from typing import Mapping, Optional

import numpy as np

Weights = Mapping[str, np.ndarray]


def softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
  powers = np.exp(x - x.max(axis=axis, keepdims=True))
  return powers / powers.sum(axis=axis, keepdims=True)


def linear(x: np.ndarray, weights: Weights, prefix: str) -> np.ndarray:
  return (np.einsum('...i,ij->...j', x, weights[f'{prefix}/kernel'])
          + weights[f'{prefix}/bias'])


def conv2d(x: np.ndarray, weights: Weights, prefix: str) -> np.ndarray:
  """Stride 1, zeros around: a sum over the kernel's positions."""
  kernel = weights[f'{prefix}/kernel']
  size = kernel.shape[0]
  border = size // 2
  padded = np.pad(x, [(0, 0), (border, border), (border, border), (0, 0)])
  height, width = x.shape[1:3]
  y = sum(padded[:, r:r + height, c:c + width] @ kernel[r, c]
          for r in range(size) for c in range(size))
  return y + weights.get(f'{prefix}/bias', 0)


def max_pool(x: np.ndarray, height: int, width: int) -> np.ndarray:
  """Of windows that do not overlap, over x [B, H, W, C]."""
  b, h, w, c = x.shape
  return x.reshape([b, h // height, height, w // width, width, c]).max((2, 4))


def batch_norm(x: np.ndarray, weights: Weights, prefix: str,
               epsilon: float) -> np.ndarray:
  """By the moving averages."""
  scale = weights[f'{prefix}/gamma'] / np.sqrt(
      weights[f'{prefix}/moving_variance'] + epsilon)
  return ((x - weights[f'{prefix}/moving_mean']) * scale
          + weights[f'{prefix}/beta'])


def normalize(x: np.ndarray, axis, epsilon: float) -> np.ndarray:
  return ((x - x.mean(axis=axis, keepdims=True))
          / np.sqrt(x.var(axis=axis, keepdims=True) + epsilon))


def layer_norm(x: np.ndarray, weights: Weights, prefix: str,
               epsilon: float) -> np.ndarray:
  return (normalize(x, -1, epsilon) * weights[f'{prefix}/gamma']
          + weights[f'{prefix}/beta'])


def attention(x: np.ndarray, source: np.ndarray, weights: Weights,
              prefix: str, num_heads: int,
              mask: Optional[np.ndarray] = None) -> np.ndarray:
  """x [B, T, C], source [B, S, C], mask bool [T, S]; head by head."""
  queries = linear(x, weights, f'{prefix}/query')
  keys = linear(source, weights, f'{prefix}/key')
  values = linear(source, weights, f'{prefix}/value')
  size = x.shape[-1] // num_heads
  heads = []
  for n in range(num_heads):
    part = slice(n * size, (n + 1) * size)
    logits = np.einsum('btd,bsd->bts', queries[..., part],
                       keys[..., part]) / np.sqrt(size)
    if mask is not None:
      logits = np.where(mask, logits, -np.inf)
    heads.append(np.einsum('bts,bsd->btd', softmax(logits),
                           values[..., part]))
  return linear(np.concatenate(heads, -1), weights, f'{prefix}/output')


def feed_forward(x: np.ndarray, weights: Weights,
                 prefix: str) -> np.ndarray:
  hidden = np.maximum(linear(x, weights, f'{prefix}/filter'), 0)
  return linear(hidden, weights, f'{prefix}/output')


def gc_attention(x: np.ndarray, weights: Weights, prefix: str,
                 num_heads: int, fusion: str, pooling: str,
                 scale_mask: bool, epsilon: float) -> np.ndarray:
  """Multi-aspect global context of x [B, H, W, C], head by head."""
  batch, height, width, channels = x.shape
  size = channels // num_heads
  context = np.zeros([batch, channels])
  for n in range(num_heads):
    part = slice(n * size, (n + 1) * size)
    head = x[..., part].reshape([batch, height * width, size])
    if pooling == 'average':
      context[:, part] = head.mean(axis=1)
      continue
    mask = (head @ weights[f'{prefix}/mask/kernel'][0, 0]
            + weights[f'{prefix}/mask/bias'])[..., 0]  # [B, P]
    if scale_mask:
      mask = mask / np.sqrt(size)
    context[:, part] = np.einsum('bp,bpd->bd', softmax(mask), head)
  context = context[:, None, None, :]
  hidden = layer_norm(conv2d(context, weights, f'{prefix}/reduce'), weights,
                      f'{prefix}/reduce_norm', epsilon)
  transform = conv2d(np.maximum(hidden, 0), weights, f'{prefix}/expand')
  if fusion == 'add':
    return x + transform
  if fusion == 'mul':
    return x / (1 + np.exp(-transform))
  both = np.concatenate([x, np.tile(transform, [1, height, width, 1])], -1)
  joined = conv2d(both, weights, f'{prefix}/join')
  joined = normalize(joined, (1, 2, 3), epsilon)
  if f'{prefix}/join_norm/gamma' in weights:
    joined = (joined * weights[f'{prefix}/join_norm/gamma']
              + weights[f'{prefix}/join_norm/beta'])
  return np.maximum(joined, 0)


def sinusoids(length: int, size: int) -> np.ndarray:
  code = np.zeros([length, size])
  for p in range(length):
    for i in range(size // 2):
      angle = p / 10000 ** (2 * i / size)
      code[p, 2 * i] = np.sin(angle)
      code[p, 2 * i + 1] = np.cos(angle)
  return code
