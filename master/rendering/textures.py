"""Grey patterns for backgrounds and noise.

Made once in a process, always the same, as making one for each word would
take longer than all else.
"""

import functools
import random

import numpy as np
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFilter

HEIGHT = 192
WIDTH = 1024
# Of the noise, of 255.
DEVIATIONS = (1, 2, 3, 4, 5, 6, 8, 9, 12)
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


def _image(values: np.ndarray) -> Image.Image:
  """Values of -1 to 1 as 1 to 255, so that 128 is the middle."""
  return Image.fromarray(np.rint(128 + 127 * values).astype(np.uint8))


@functools.lru_cache(1)
def _backgrounds() -> list[Image.Image]:
  rng = np.random.default_rng(0)
  patterns = [make(rng) for _ in range(_VARIANTS)
              for make in (_clouds, _grain, _streaks, _stripes, _bricks,
                           _scene)]
  return [_image(p / np.abs(p).max()) for p in patterns]


@functools.lru_cache(1)
def _noises() -> dict[tuple[int, str], Image.Image]:
  """Noise of all DEVIATIONS, around 128, by deviation and mode."""
  rng = np.random.default_rng(1)
  found = {}
  for deviation in DEVIATIONS:
    values = rng.standard_normal([HEIGHT, WIDTH, 3], np.float32)
    if deviation % 2:  # What cameras make of it is often not as fine.
      wide = values + np.roll(values, 1, 0)
      values = (wide + np.roll(wide, 1, 1)) / 2
    pixels = np.clip(np.rint(128 + deviation * values), 0, 255).astype(
        np.uint8)
    found[deviation, 'RGB'] = Image.fromarray(pixels)
    found[deviation, 'L'] = Image.fromarray(pixels[:, :, 0])
  return found


@functools.lru_cache(1)
def _wears() -> dict[str, Image.Image]:
  """Where chalk and brush leave colour: grey 1 to 255, evenly spread."""
  rng = np.random.default_rng(2)
  chalk = _smooth(rng, 96, 512) + 0.6 * _smooth(rng, 40, 200)
  brush = _smooth(rng, 64, 14) + 0.5 * _smooth(rng, 96, 40)
  found = {}
  for kind, values in (('chalk', chalk), ('brush', brush)):
    # By rank: a share of the area is then a threshold.
    ranks = values.ravel().argsort().argsort().reshape(values.shape)
    found[kind] = Image.fromarray(
        (1 + ranks * 254 // (values.size - 1)).astype(np.uint8))
  return found


@functools.lru_cache(1)
def _gradient() -> Image.Image:
  return Image.linear_gradient('L')


def cut(source: Image.Image, rng: random.Random, size: tuple[int, int]
        ) -> Image.Image:
  """A window of a picture, mirrored by chance; stretched where too small."""
  width, height = (min(wanted, there)
                   for wanted, there in zip(size, source.size))
  left = rng.randrange(source.width - width + 1)
  top = rng.randrange(source.height - height + 1)
  window = source.crop((left, top, left + width, top + height))
  if rng.random() < 0.5:
    window = window.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
  if window.size != size:
    window = window.resize(size, Image.Resampling.BILINEAR)
  return window


def background(rng: random.Random, size: tuple[int, int]) -> Image.Image:
  """A random pattern of (width, height), grey 1 to 255 around 128."""
  return cut(rng.choice(_backgrounds()), rng, size)


def wear(rng: random.Random, size: tuple[int, int], kind: str) -> Image.Image:
  """Where strokes have lost colour: grey 1 to 255, each as often as another.

  Args:
    rng: decides.
    size: width and height.
    kind: 'chalk' for grains, 'brush' for streaks along the word.
  """
  return cut(_wears()[kind], rng, size)


def noise(rng: random.Random, size: tuple[int, int], deviation: float,
          mode: str) -> Image.Image:
  """Normal noise around 128.

  Args:
    rng: decides.
    size: width and height.
    deviation: the nearest of DEVIATIONS that is not above it is taken, the
      smallest where there is none.
    mode: 'L', or 'RGB' for noise that differs between the channels.
  """
  able = [d for d in DEVIATIONS if d <= deviation] or DEVIATIONS[:1]
  return cut(_noises()[able[-1], mode], rng, size)


def slope(rng: random.Random, size: tuple[int, int]) -> Image.Image:
  """A smooth change in any direction: grey 0 to 255, about 128 amid."""
  width, height = size
  across = rng.uniform(-1, 1)
  down = rng.choice((-1, 1)) * (1 - abs(across))
  # Steps in a gradient that goes from top to bottom.
  step_x, step_y = across * 255 / width, down * 255 / height
  start = 128 - (step_x * width + step_y * height) / 2
  return _gradient().transform(
      size, Image.Transform.AFFINE, (0, 0, 128, step_x, step_y, start))
