"""Grey patterns that backgrounds and noise are cut from.

Made once in a process, always the same, as making one for each word would
take longer than all else. Guarded by tests/rendering/textures_test.py.
"""

import functools
import random

import numpy as np
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFilter

HEIGHT = 192
WIDTH = 1024
_VARIANTS = 4


def _smooth(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
  """Random values [HEIGHT, WIDTH] around 0 that change over large steps."""
  small = rng.uniform(-1, 1, [rows, columns]).astype(np.float32)
  image = Image.fromarray(small).resize((WIDTH, HEIGHT),
                                        Image.Resampling.BICUBIC)
  return np.asarray(image)


def _clouds(rng):
  return sum(_smooth(rng, 3 << i, 16 << i) / (1.6 ** i) for i in range(5))


def _grain(rng):
  return sum(_smooth(rng, 96 >> i, 512 >> i) for i in range(3))


def _streaks(rng):
  """Wood and brushed metal."""
  return _smooth(rng, 96, 10) + _smooth(rng, 32, 20) + _smooth(rng, 4, 8)


def _stripes(rng):
  """Boards, blinds and ruled paper, at any angle."""
  y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
  angle = rng.uniform(0, np.pi)
  phase = (x * np.cos(angle) + y * np.sin(angle)) / rng.uniform(6, 24)
  return np.tanh(3 * np.sin(phase)) + 0.3 * _smooth(rng, 12, 64)


def _bricks(rng):
  """A wall: courses, joints, and a shade for each brick."""
  height, width = rng.integers(16, 40), rng.integers(40, 110)
  y, x = np.mgrid[:HEIGHT, :WIDTH]
  course = y // height
  across = x + course % 2 * (width // 2)
  shades = rng.uniform(-0.5, 0.5, [HEIGHT, WIDTH]).astype(np.float32)
  wall = shades[course, across // width % WIDTH]
  joints = (y % height < 3) | (across % width < 3)
  return np.where(joints, rng.choice([-1.2, 1.2]), wall).astype(np.float32)


def _scene(rng):
  """Edges and patches, as behind a sign: what is no letter."""
  shapes = random.Random(int(rng.integers(1 << 30)))
  image = Image.new('L', (WIDTH, HEIGHT), 128)
  canvas = ImageDraw.Draw(image)
  for _ in range(90):
    x, y = shapes.randrange(WIDTH), shapes.randrange(HEIGHT)
    reach = shapes.randrange(10, 120)
    points = [(x + shapes.randint(-reach, reach),
               y + shapes.randint(-reach, reach))
              for _ in range(shapes.randint(3, 5))]
    if shapes.random() < 0.3:
      canvas.line(points[:2], shapes.randrange(256), shapes.randint(1, 4))
    else:
      canvas.polygon(points, shapes.randrange(256))
  image = image.filter(ImageFilter.GaussianBlur(1.5))
  return np.asarray(image, np.float32) / 128 - 1 + 0.3 * _smooth(rng, 24, 128)


@functools.lru_cache(2048)
def ramp(length: int) -> np.ndarray:
  """Even steps from -1 to 1, float32 [length]."""
  values = np.linspace(-1, 1, length, dtype=np.float32)
  values.flags.writeable = False
  return values


@functools.lru_cache(1)
def _backgrounds() -> list[np.ndarray]:
  rng = np.random.default_rng(0)
  patterns = [make(rng) for _ in range(_VARIANTS)
              for make in (_clouds, _grain, _streaks, _stripes, _bricks,
                           _scene)]
  return [(p / np.abs(p).max()).astype(np.float32) for p in patterns]


@functools.lru_cache(1)
def _noise() -> np.ndarray:
  rng = np.random.default_rng(1)
  return rng.standard_normal([HEIGHT, WIDTH, 3], np.float32)


def _cut(source: np.ndarray, rng: random.Random, height: int, width: int
         ) -> np.ndarray:
  """A window of a pattern, mirrored by chance; repeated where too small."""
  repeats = -(-height // HEIGHT), -(-width // WIDTH)
  if max(repeats) > 1:
    source = np.tile(source, repeats + (1,) * (source.ndim - 2))
  top = rng.randrange(source.shape[0] - height + 1)
  left = rng.randrange(source.shape[1] - width + 1)
  window = source[top:top + height, left:left + width]
  if rng.random() < 0.5:
    window = window[::-1]
  return window[:, ::-1] if rng.random() < 0.5 else window


def background(rng: random.Random, height: int, width: int) -> np.ndarray:
  """A random pattern, float32 [height, width] in [-1, 1]."""
  return _cut(rng.choice(_backgrounds()), rng, height, width)


def noise(rng: random.Random, height: int, width: int, channels: int
          ) -> np.ndarray:
  """Normal noise of deviation 1, float32 [height, width, channels]."""
  return _cut(_noise()[:, :, :channels], rng, height, width)
