"""Distinguishable colours of signs and print."""

import colorsys
import random
from typing import Optional, Sequence

# Of grey or RGB, 0 to 255 each.
Colour = tuple[int, ...]

_BLACK, _WHITE = 0, 255
_LUMA = (0.299, 0.587, 0.114)
# Least difference of luminance between ink and background, of 255: below it
# a person no longer reads the word once it is blurred.
LEAST_CONTRAST = 50.0
_MOST_CONTRAST = 190.0


def luminance(colour: Sequence[float]) -> float:
  """How light a colour is, 0 to 255."""
  if len(colour) == 1:
    return colour[0]
  return sum(share * value for share, value in zip(_LUMA, colour))


def contrast(one: Sequence[float], other: Sequence[float]) -> float:
  """Difference of luminance, 0 to 255."""
  return abs(luminance(one) - luminance(other))


def rounded(values: Sequence[float]) -> Colour:
  """As whole numbers within 0 to 255."""
  return tuple(min(_WHITE, max(_BLACK, round(value))) for value in values)


def any_colour(rng: random.Random, channels: int) -> Colour:
  """White, black, grey or a hue, as signs have them."""
  if channels == 1:
    return (rng.randint(_BLACK, _WHITE),)
  kind = rng.random()
  if kind < 0.2:
    value = rng.uniform(200, 255)
  elif kind < 0.4:
    value = rng.uniform(0, 60)
  elif kind < 0.55:
    value = rng.uniform(0, 255)
  else:
    return rounded([255 * part for part in colorsys.hsv_to_rgb(
        rng.random(), rng.uniform(0.15, 1), rng.uniform(0.1, 1))])
  return rounded([value + rng.uniform(-12, 12) for _ in range(3)])


def _moved(colour: Colour, light: float) -> Colour:
  """A colour mixed with white or black until it is as light as asked."""
  now = luminance(colour)
  if light >= now:
    share = (light - now) / max(_WHITE - now, 1e-6)
    return rounded([value + share * (_WHITE - value) for value in colour])
  return rounded([value * light / now for value in colour])


def against(background: Colour, rng: random.Random,
            wish: Optional[Colour] = None) -> Colour:
  """A colour of ink that can be read on a background.

  Args:
    background: what it stands on.
    rng: decides.
    wish: the colour to stay near to; None for any.
  """
  # Two more for what rounding takes.
  wanted = rng.uniform(LEAST_CONTRAST + 2, _MOST_CONTRAST)
  ink = wish or any_colour(rng, len(background))
  if contrast(background, ink) >= wanted:
    return ink
  light = luminance(background)
  below, above = light - wanted, light + wanted
  if below < _BLACK or above > _WHITE:
    # Room on one side at most: the wider one then.
    return _moved(ink, max(_BLACK, below) if light > _WHITE / 2
                  else min(_WHITE, above))
  return _moved(ink, below if luminance(ink) < light else above)


def pair(rng: random.Random, channels: int, strength: float
         ) -> tuple[Colour, Colour]:
  """Colours of background and ink.

  Args:
    rng: decides.
    channels: 1 for grey, 3 for RGB.
    strength: the chance of anything but black on white.
  """
  if rng.random() >= strength:
    return (_WHITE,) * channels, (_BLACK,) * channels
  background = any_colour(rng, channels)
  return background, against(background, rng)
