"""Shade, glare and things between a sign and the camera."""

import random

from PIL import Image
from PIL import ImageChops
from PIL import ImageDraw
from PIL import ImageFilter

from master.rendering import colours
from master.rendering import compositing

_SMALL = 24  # Pixels of height: what is soft is drawn as small as that.


def _small(size: compositing.Size) -> compositing.Size:
  scale = min(1.0, _SMALL / size[1])
  return max(2, round(size[0] * scale)), max(2, round(size[1] * scale))


def shaded(image: Image.Image, rng: random.Random) -> Image.Image:
  """A part in the shade, or a lamp that lights a part alone.

  Args:
    image: grey or RGB.
    rng: decides.

  Returns:
    An image of the same size and mode; no part is darkened to less than 0.4.
  """
  width, height = size = _small(image.size)
  most = rng.uniform(0.4, 0.8)
  dark = round(255 * most)
  if rng.random() < 0.6:  # The edge of a shadow, at any angle.
    shade = Image.new('L', size, 255)
    one, other = (rng.uniform(-0.1, 1.1) * width for _ in range(2))
    if rng.random() < 0.3:  # Along the word.
      one, other = (rng.uniform(0.1, 0.9) * height for _ in range(2))
      corners = ((0, 0), (width, 0), (width, one), (0, other))
    elif rng.random() < 0.5:
      corners = ((0, 0), (one, 0), (other, height), (0, height))
    else:
      corners = ((one, 0), (width, 0), (width, height), (other, height))
    ImageDraw.Draw(shade).polygon(corners, dark)
    shade = shade.filter(ImageFilter.BoxBlur(rng.choice((0.3, 1, 3))))
  else:
    shade = Image.new('L', size, dark)
    reach = width * rng.uniform(0.25, 0.7), height * rng.uniform(0.5, 1.2)
    x, y = rng.uniform(0, width), rng.uniform(0, height)
    ImageDraw.Draw(shade).ellipse(
        (x - reach[0], y - reach[1], x + reach[0], y + reach[1]), 255)
    shade = shade.filter(ImageFilter.BoxBlur(rng.uniform(3, 8)))
  shade = shade.resize(image.size, Image.Resampling.BILINEAR)
  return ImageChops.multiply(image, shade.convert(image.mode))


def glared(image: Image.Image, rng: random.Random) -> Image.Image:
  """Light that a shining surface throws back: a pale patch or band.

  Args:
    image: grey or RGB.
    rng: decides.

  Returns:
    An image of the same size and mode; a fifth of the contrast is left at
    least everywhere.
  """
  width, height = size = _small(image.size)
  patch = Image.new('L', size)
  canvas = ImageDraw.Draw(patch)
  x, y = rng.uniform(0, width), rng.uniform(0, height)
  value = round(255 * rng.uniform(0.3, 0.8))
  if rng.random() < 0.6:
    reach = height * rng.uniform(0.2, 0.9), height * rng.uniform(0.15, 0.5)
    canvas.ellipse((x - reach[0], y - reach[1], x + reach[0], y + reach[1]),
                   value)
  else:
    lean = rng.uniform(-1, 1) * height
    canvas.line((x - lean, 0, x + lean, height), value,
                max(1, round(height * rng.uniform(0.1, 0.6))))
  patch = patch.filter(ImageFilter.BoxBlur(rng.uniform(1, 4))).resize(
      image.size, Image.Resampling.BILINEAR)
  done = image.copy()
  white = rng.randint(220, 255)
  done.paste((white,) * 3 if image.mode == 'RGB' else white, None, patch)
  return done


def hidden(image: Image.Image, rng: random.Random) -> Image.Image:
  """Thin things before the word: wires, twigs, bars, scratches.

  Args:
    image: grey or RGB.
    rng: decides.

  Returns:
    An image of the same size and mode; little of any letter is covered.
  """
  width, height = image.size
  done = image.copy()
  canvas = ImageDraw.Draw(done)
  channels = 3 if image.mode == 'RGB' else 1
  for _ in range(rng.choice((1, 1, 1, 2))):
    colour = colours.any_colour(rng, channels)
    thick = max(1, round(height * rng.uniform(0.02, 0.06)))
    if rng.random() < 0.5:  # From top to bottom.
      x, lean = rng.uniform(0, width), rng.gauss(0, 0.5) * height
      points = [(x - lean, 0), (x, height / 2), (x + lean, height)]
    else:
      y, lean = rng.uniform(0, height), rng.gauss(0, 0.25) * height
      points = [(0, y - lean), (width / 2, y), (width, y + lean)]
    # Neither wires nor twigs are straight.
    middle = points[1]
    points[1] = (middle[0] + rng.gauss(0, 0.06) * height,
                 middle[1] + rng.gauss(0, 0.06) * height)
    canvas.line(points, colour if channels > 1 else colour[0], thick,
                joint='curve')
  return done
