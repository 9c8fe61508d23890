"""Draws readings.png: pictures of words, each above what was read.

From the root of the checkout, with any fonts:

  data_tools/render_lmdb --output=data/shown --count=12 --seed=4 \
      --words=docs/pictures/words.txt --fonts=/usr/share/fonts/truetype \
      --charset=62 --wild_rate=0.2 --arc_rate=0.1 --min_height=40 \
      --max_height=64
  bin/eval --eval_lmdb=Shown=data/shown --output_dir=results/shown
  .venv/bin/python docs/pictures/readings.py data/shown \
      results/shown/predictions.jsonl docs/pictures/readings.png
"""

import io
import json
import sys

from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont

from master.data import lmdb_reader

_COLUMNS, _WIDTH, _HEIGHT, _TEXT_HEIGHT = 4, 200, 56, 28


def main(lmdb_path: str, predictions_path: str, output: str):
  """Draws all records of an LMDB of at most a few dozen words."""
  words = lmdb_reader.LmdbReader(lmdb_path)
  with open(predictions_path, encoding='utf-8') as f:
    texts = {line['index']: line['text'] for line in map(json.loads, f)}
  cell = _HEIGHT + _TEXT_HEIGHT
  sheet = Image.new('RGB', (_COLUMNS * _WIDTH, -(-len(words) // _COLUMNS)
                            * cell), 'white')
  draw = ImageDraw.Draw(sheet)
  font = ImageFont.load_default(16)
  for position in range(len(words)):
    picture = Image.open(io.BytesIO(words.read(position).image)).convert('RGB')
    picture.thumbnail((_WIDTH - 12, _HEIGHT - 6), Image.Resampling.LANCZOS)
    row, column = divmod(position, _COLUMNS)
    middle = column * _WIDTH + _WIDTH // 2
    bottom = row * cell + _HEIGHT
    sheet.paste(picture, (middle - picture.width // 2,
                          bottom - picture.height))
    draw.text((middle, bottom + 3), texts[words.number(position)], 'black',
              font, anchor='ma')
  sheet.quantize(128).save(output, optimize=True)


if __name__ == '__main__':
  main(*sys.argv[1:])
