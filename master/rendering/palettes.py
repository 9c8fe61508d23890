"""Colours of ink and background that occur together in photographs.

As in SynthText (Gupta et al., arXiv:1604.06646), which learns pairs of colours
from words of photographs; here any piece of a photograph will do.
"""

import random

from PIL import Image

from master.rendering import colours

SIDE = 8  # Pixels: what a piece is shrunk to before its colours are found.
_CLUSTERS = 5
_ROUNDS = 1  # Of k-means, from colours far apart.


def clusters(image: Image.Image) -> list[colours.Colour]:
  """The colours of a picture, those of large parts first.

  Args:
    image: grey or RGB.

  Returns:
    Up to five, of as many channels as the picture has.
  """
  if image.size != (SIDE, SIDE):
    image = image.resize((SIDE, SIDE), Image.Resampling.BOX)
  small = image.convert('RGB')
  indexed = small.quantize(_CLUSTERS, Image.Quantize.MAXCOVERAGE, _ROUNDS)
  palette = indexed.getpalette()
  found = [tuple(palette[3 * index:3 * index + 3]) for _, index in sorted(
      indexed.getcolors(), reverse=True)]
  if image.mode == 'L':
    return [colour[:1] for colour in found]
  return found


def pair(image: Image.Image, rng: random.Random
         ) -> tuple[colours.Colour, colours.Colour]:
  """Colours of background and ink, both of a photograph where they differ.

  Args:
    image: grey or RGB.
    rng: decides.

  Returns:
    The ink is moved in brightness where it could not be read otherwise.
  """
  found = clusters(image)
  back = found.pop(rng.randrange(min(2, len(found))))
  apart = [colour for colour in found
           if colours.contrast(colour, back) >= colours.LEAST_CONTRAST]
  if apart:
    return back, rng.choice(apart)
  wish = rng.choice(found) if found else None
  return back, colours.against(back, rng, wish)
