"""Tests of master/rendering/renderer.py."""

import collections
import io
import random

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from master import errors
from master.rendering import backgrounds
from master.rendering import fonts
from master.rendering import renderer


class RendererTest(parameterized.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.fonts = fonts.FontBook()

  def render(self, seed, text='Word', **settings):
    rendering = renderer.render_word(text, random.Random(seed), self.fonts,
                                     renderer.Settings(**settings))
    self.assertFalse(rendering.fell_back)
    return rendering.image

  def opened(self, *arguments, **settings):
    return Image.open(io.BytesIO(self.render(*arguments, **settings)))

  def test_same_seed_same_bytes(self):
    self.assertEqual(self.render(3), self.render(3))
    self.assertLen({self.render(seed) for seed in range(50)}, 50)

  def test_sizes_modes_and_formats(self):
    images = [self.opened(seed) for seed in range(300)]
    heights = [image.height for image in images]
    self.assertBetween(min(heights), 20, 24)
    self.assertBetween(max(heights), 56, 64)
    self.assertBetween(np.median(heights), 30, 40)
    self.assertGreater(np.median([i.width / i.height for i in images]), 1.5)
    modes = collections.Counter(image.mode for image in images)
    self.assertBetween(modes['L'], 50, 100)
    self.assertEqual(300, modes['L'] + modes['RGB'])
    formats = collections.Counter(image.format for image in images)
    self.assertBetween(formats['PNG'], 4, 27)
    self.assertEqual(300, formats['PNG'] + formats['JPEG'])

  def test_settings_are_heeded(self):
    for seed in range(20):
      image = self.opened(seed, min_height=37, max_height=37, grey_rate=1.0,
                          png_rate=1.0)
      self.assertEqual((37, 'L', 'PNG'),
                       (image.height, image.mode, image.format))
    self.assertEqual(('RGB', 'JPEG'), (
        lambda image: (image.mode, image.format))(
            self.opened(0, grey_rate=0.0, png_rate=0.0)))

  def test_without_strength_black_on_white_and_level(self):
    for seed in range(20):
      pixels = np.asarray(self.opened(
          seed, 'HHHHH', strength=0.0, png_rate=1.0, grey_rate=1.0))
      self.assertEqual(255, pixels[0].min())
      self.assertEqual(255, pixels[-1].min())
      self.assertLess(pixels.min(), 40)
      # All letters begin in the same row.
      first = (pixels < 128).argmax(axis=0)
      self.assertLessEqual(np.ptp(first[(pixels < 60).any(axis=0)]
                                  [[0, -1]]), 1)

  def test_ink_stands_out_at_full_strength(self):
    for seed in range(200):
      pixels = np.asarray(self.opened(seed).convert('L'), np.float32)
      self.assertGreater(np.ptp(pixels), 25, seed)

  def test_any_single_character(self):
    for seed, character in enumerate('.-_|`ijlW@1'):
      self.assertGreaterEqual(self.opened(seed, character).width, 8)

  def test_reports_the_second_choice_of_font(self):
    class Digits(fonts.Face):

      def covers(self, text):
        return text.isdigit()
    book = fonts.FontBook()
    book.faces.append(Digits())
    fell_back = {renderer.render_word('a', random.Random(i), book,
                                      renderer.Settings()).fell_back
                 for i in range(20)}
    self.assertEqual({False, True}, fell_back)

  def test_tells_what_else_there_is(self):
    for rate in ('neighbour_rate', 'cut_rate', 'background_rate'):
      pool = [[Image.linear_gradient('L').convert('RGB')]]
      extra = {'neighbour_rate': 'neighbours'}.get(rate, rate[:-5])
      for share, expected in ((0.0, (0, 0)), (0.3, (60 - 20, 60 + 20)),
                              (1.0, (200, 200))):
        extras = [renderer.render_word(
            'Hut', random.Random(seed), self.fonts,
            renderer.Settings(**{'neighbour_rate': 0.0, rate: share}),
            pool).extras
                  for seed in range(200)]
        self.assertBetween(sum(extra in e for e in extras), *expected)

  def test_vertical_words_are_tall_unless_short(self):
    for seed in range(20):
      image = self.opened(seed, 'Station', vertical_rate=1.0, wild_rate=0.0)
      self.assertGreater(image.height, image.width)
      image = self.opened(seed, 'Station', wild_rate=0.0)
      self.assertLess(image.height, image.width)
      self.assertEqual(self.render(seed, 'ab', vertical_rate=1.0),
                       self.render(seed, 'ab'))

  def test_vertical_words_are_turned_to_either_side(self):
    def turned(seed, angle):
      level, upright = (np.asarray(self.opened(
          seed, 'Station', vertical_rate=rate, png_rate=1.0, grey_rate=1.0))
          for rate in (0.0, 1.0))
      return np.array_equal(np.rot90(level, angle), upright)
    ways = {(turned(seed, 1), turned(seed, -1)) for seed in range(20)}
    self.assertEqual({(True, False), (False, True)}, ways)

  def test_words_on_paths(self):
    aspects = {}
    for kind in ('arc', 'wave', 'stack'):
      found = [renderer.render_word(
          'Station', random.Random(seed), self.fonts,
          renderer.Settings(vertical_rate=1.0, **{kind + '_rate': share}))
               for share in (0.0, 1.0) for seed in range(60)]
      self.assertEqual([kind in each.extras for each in found],
                       [False] * 60 + [True] * 60)
      self.assertNotIn('vertical', sum((f.extras for f in found[60:]), ()))
      images = [Image.open(io.BytesIO(each.image)) for each in found[60:]]
      self.assertLess(max(image.height for image in images), 401)
      aspects[kind] = np.array([i.width / i.height for i in images])
    self.assertLess(aspects['stack'].max(), 0.8)
    self.assertLess(aspects['arc'].min(), 1.3)
    self.assertGreater(aspects['arc'].max(), 2)
    self.assertGreater(aspects['wave'].min(), 1)

  def test_words_on_paths_are_of_dots_but_never_stencilled(self):
    for name, expected in (('stencil', 0), ('dotted', 20)):
      found = [renderer.render_word(
          'Station', random.Random(seed), self.fonts, renderer.Settings(
              min_height=60, arc_rate=1.0, **{f'{name}_rate': 1.0}))
               for seed in range(20)]
      self.assertEqual(expected, sum(name in each.extras for each in found))

  def test_rates_of_paths_shrink_with_strength(self):
    count = sum('arc' in renderer.render_word(
        'Station', random.Random(seed), self.fonts,
        renderer.Settings(strength=0.25, arc_rate=0.8)).extras
                for seed in range(300))
    self.assertBetween(count, 60 - 22, 60 + 22)
  def pool(self):
    values = np.random.default_rng(4).integers(0, 256, [12, 20, 3], np.uint8)
    return [[Image.fromarray(values).resize((400, 240))]]

  def rendered(self, seed, **settings):
    return renderer.render_word('Hamburg', random.Random(seed), self.fonts,
                                renderer.Settings(**settings), self.pool())

  @parameterized.parameters(
      'dotted', 'stencil', 'worn', 'neon', 'engraved', 'contour', 'shadow',
      'slipped', 'perspective', 'oblique', 'occlusion', 'shade', 'glare',
      'motion', 'defocus', 'low_resolution', 'squeezed', 'sensor_noise',
      'scan_line')
  def test_other_looks_are_told_and_off_by_default(self, name):
    found = [self.rendered(seed, min_height=50, **{f'{name}_rate': rate})
             for rate in (0.0, 1.0) for seed in range(20)]
    self.assertFalse(any(name in one.extras for one in found[:20]))
    self.assertGreater(sum(name in one.extras for one in found[20:]), 12)
    self.assertEqual(found[25], self.rendered(
        5, min_height=50, **{f'{name}_rate': 1.0}))
    for one in found[20:]:
      image = Image.open(io.BytesIO(one.image))
      self.assertIn(image.mode, ('L', 'RGB'))
      # Those without strength are as they were.
    self.assertEqual(
        self.rendered(3, strength=0.0),
        self.rendered(3, strength=0.0, **{f'{name}_rate': 1.0}))

  @parameterized.parameters('tight', 'loose', 'photo_colour')
  def test_looks_that_are_not_told(self, name):
    changed = [self.rendered(seed).image != self.rendered(
        seed, **{f'{name}_rate': 1.0}).image for seed in range(20)]
    self.assertGreater(sum(changed), 12)

  def test_frames_hold_more_or_less_of_the_word(self):
    def share(seed, **settings):
      """How much of the height is ink's, of a dark word on white."""
      pixels = np.asarray(self.opened(
          seed, 'HHHH', min_height=60, max_height=64, wild_rate=0.0,
          neighbour_rate=0.0, cut_rate=0.0, grey_rate=1.0, png_rate=1.0,
          strength=1e-3, **settings), np.float32)
      return (pixels.min(axis=1) < 128).mean()
    # So little strength takes a rate a thousand times as large.
    for seed in range(10):
      plain = share(seed)
      self.assertGreater(share(seed, tight_rate=1e3), plain + 0.02)
      self.assertLess(share(seed, loose_rate=1e3), plain)

  def test_low_resolution_stays_small(self):
    heights = [Image.open(io.BytesIO(self.rendered(
        seed, min_height=50, low_resolution_rate=1.0, min_letters=9,
        wild_rate=0.0).image)).height for seed in range(40)]
    self.assertLess(np.median(heights), 35)
    self.assertGreaterEqual(min(heights), 9)

  def test_colours_are_of_the_picture(self):
    slope = Image.linear_gradient('L').resize((400, 240))
    dark = Image.new('L', (400, 240), 10)
    green = [[Image.merge('RGB', (dark, slope, dark))]]
    count = 0
    for seed in range(30):
      rendering = renderer.render_word(
          'Hut', random.Random(seed), self.fonts, renderer.Settings(
              grey_rate=0.0, png_rate=1.0, photo_colour_rate=1.0,
              background_rate=0.0, hollow_rate=0.0), green)
      mean = np.asarray(Image.open(io.BytesIO(rendering.image)),
                        np.float32).mean(axis=(0, 1))
      count += mean[1] > max(mean[0], mean[2]) + 10
    # All but the darkest pieces, which have no hue to speak of.
    self.assertGreater(count, 22)

  def test_pictures_are_zoomed(self):
    checks = Image.fromarray(np.kron(
        np.indices([60, 100]).sum(axis=0) % 2 * 255, np.ones([4, 4])).astype(
            np.uint8)).convert('RGB')
    def detail(zoom):
      return np.std([np.abs(np.diff(np.asarray(backgrounds.piece(
          [[checks]], random.Random(seed), (120, 40), 1, zoom).image,
                                              np.float32), axis=1)).mean()
                     for seed in range(30)])
    self.assertLess(detail(1.0), 2)
    self.assertGreater(detail(4.0), 5)

  def test_hollow_and_vertical_are_told(self):
    for rate, name in (('hollow_rate', 'hollow'),
                       ('vertical_rate', 'vertical')):
      extras = [renderer.render_word(
          'HHH', random.Random(seed), self.fonts, renderer.Settings(
              min_height=60, **{rate: share})).extras
          for share in (0.0, 1.0) for seed in range(100)]
      self.assertEqual(0, sum(name in found for found in extras[:100]))
      self.assertGreater(sum(name in found for found in extras[100:]), 80)

  def test_natural_pictures_show_behind_and_in_the_ink(self):
    def pixels(seed, pool, **settings):
      return np.asarray(Image.open(io.BytesIO(renderer.render_word(
          'HHHH', random.Random(seed), self.fonts, renderer.Settings(
              grey_rate=0.0, png_rate=1.0, background_rate=1.0, **settings),
          pool).image)).convert('RGB'), np.float32)
    half = Image.new('RGB', (400, 200), (200, 30, 30))
    half.paste((30, 30, 200), (0, 0, 400, 100))
    kinds = 0
    for seed in range(60):
      shown = pixels(seed, [[half]])
      kinds += shown[..., 0].mean() > shown[..., 1].mean() + 5
      kinds += shown[..., 2].mean() > shown[..., 1].mean() + 5
    # Red and blue come from the pictures alone so often.
    self.assertGreater(kinds, 40)
    np.testing.assert_array_equal(pixels(3, [[half]], strength=0.0),
                                  pixels(3, (), strength=0.0))

  def test_no_font(self):
    with self.assertRaisesRegex(errors.InputError, '^--fonts: '):
      self.render(0, '\u4e2d')


if __name__ == '__main__':
  absltest.main()
