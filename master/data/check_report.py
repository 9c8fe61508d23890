"""The findings of data_tools/check_lmdb, as JSON and as text."""

import collections
import textwrap
from typing import Any, Iterator, Optional

from master import charset as charset_lib
from master.data import lmdb_statistics

_WIDTH = 78
_MOST_CHARACTERS = 120  # That the lines name; JSON has all.


def _spread(counter: collections.Counter) -> Optional[dict[str, float]]:
  found = lmdb_statistics.spread(counter)
  return found and {'min': found.least, 'median': found.median,
                    'max': found.greatest}


def _histogram(counter: collections.Counter) -> dict[str, int]:
  return {str(value): counter[value] for value in sorted(counter)}


def _ranked(counter: collections.Counter) -> dict[str, int]:
  """The most frequent first, equals by name, whatever came first."""
  return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))


def _duplicates(check, max_listed: int) -> dict[str, Any]:
  def label_of(position):
    number = check.layout.first + position
    return check.pages.get((check.layout.label_key % number).encode())

  found = lmdb_statistics.find_duplicates(
      check.found.hashes, check.found.label_hashes, label_of, max_listed)
  return {
      'images': found.groups, 'surplus_records': found.surplus,
      'with_different_labels': found.conflicts,
      'listed': [{'keys': [check.layout.image_key
                           % (check.layout.first + position)
                           for position in group.positions],
                  'labels': group.labels} for group in found.listed]}


def summary(check, charset_name: str, characters: str, max_listed: int,
            fixed: Optional[str]) -> dict[str, Any]:
  """All that was found.

  Args:
    check: a pass through an LMDB that is done: pages, layout, count, keys,
      found, left_out_beyond, num_copied and seconds of it.
    charset_name: as given.
    characters: of the charset.
    max_listed: entries of each list.
    fixed: where the copy is; None without one.
  """
  found, keys, layout = check.found, check.keys, check.layout
  charset = charset_lib.Charset(characters)
  gaps = lmdb_statistics.find_gaps(found.hashes, check.count, layout.first,
                                   max_listed)
  outside = collections.Counter({c: n for c, n in found.characters.items()
                                 if charset.unknown(c)})
  left_out = found.unusable + check.left_out_beyond.unusable
  return {
      'path': check.pages.path,
      'layout': layout._asdict(),
      'records': check.count,
      'keys': {'total': keys.total, 'images': keys.images,
               'labels': keys.labels, 'others': keys.others,
               'others_listed': keys.other_examples},
      'beyond_counter': {
          'records': len(keys.beyond),
          'listed': [layout.image_key % (layout.first + position)
                     for position in keys.beyond[:max_listed].tolist()]},
      'gaps': {'records': gaps.records, 'stretches': gaps.ranges,
               'listed': [list(pair) for pair in gaps.listed]},
      'damaged_pages': {'count': keys.num_damaged, 'listed': keys.damaged},
      'label_length': {'labels': sum(found.label_lengths.values()),
                       'spread': _spread(found.label_lengths),
                       'histogram': _histogram(found.label_lengths)},
      'characters': _ranked(found.characters),
      'outside_charset': {'charset': charset_name,
                          'characters': _ranked(outside)},
      'images': {'formats': _ranked(found.formats),
                 'height': _spread(found.heights),
                 'width': _spread(found.widths),
                 'aspect': _spread(found.aspects)},
      'skipped_in_training': _ranked(found.faults),
      'duplicates': _duplicates(check, max_listed),
      'unusable': {'records': sum(found.unusable.values()),
                   'reasons': _ranked(found.unusable),
                   'listed': [broken._asdict() for broken in found.broken]},
      'fixed': fixed and {'path': fixed, 'records': check.num_copied,
                          'left_out': _ranked(left_out)},
      'seconds': check.seconds,
      'records_per_second': (len(found.hashes) / check.seconds
                             if check.seconds else 0.0)}


def _counts(counts: dict[str, int], most: int = 20) -> str:
  listed = ', '.join(f'{name} {count}'
                     for name, count in list(counts.items())[:most])
  return (listed or 'none') + (', ...' if len(counts) > most else '')


def _reprs(counts: dict[str, int]) -> dict[str, int]:
  return {repr(character): count for character, count in counts.items()}


def _spread_line(name: str, values: Optional[dict[str, float]],
                 unit: str) -> str:
  if not values:
    return f'{name}: none'
  return (f'{name}: {values["min"]:g} to {values["max"]:g}{unit}, median '
          f'{values["median"]:g}')


def _block(entries: list[str]) -> list[str]:
  """Entries side by side, indented, none of them broken."""
  return textwrap.wrap(
      '  '.join(entry.replace(' ', '\0') for entry in entries), _WIDTH,
      initial_indent='  ', subsequent_indent='  ', break_long_words=False,
      break_on_hyphens=False)


def _wrapped(entries: list[str]) -> Iterator[str]:
  for line in _block(entries):
    yield line.replace('\0', ' ')


def _more(count: int, listed: int, max_listed: int) -> Iterator[str]:
  if count > listed:
    yield (f'  {count - listed} not listed; --max_listed={count} lists all'
           if count > max_listed else f'  {count - listed} not listed')


def _head(found: dict[str, Any], max_listed: int) -> Iterator[str]:
  layout, keys = found['layout'], found['keys']
  yield (f'{found["path"]}: {layout["name"]} layout '
         f'({layout["counter_key"]}, {layout["image_key"]}, '
         f'{layout["label_key"]}, from {layout["first"]})')
  agreement = ('agrees with' if keys['images'] == found['records']
               else 'but there are')
  yield (f'records: {layout["counter_key"]} is {found["records"]}, '
         f'{agreement} {keys["images"]} image keys')
  beyond, gaps = found['beyond_counter'], found['gaps']
  damaged = found['damaged_pages']
  if beyond['records']:
    yield (f'beyond {layout["counter_key"]}: {beyond["records"]} records that '
           'are never read; --fix takes them in')
  if gaps['records']:
    yield (f'gaps: of {gaps["records"]} records there is nothing, in '
           f'{gaps["stretches"]} stretches')
    yield from _wrapped([f'{first}-{last}' if last > first else f'{first}'
                         for first, last in gaps['listed']])
  if keys['others']:
    yield f'keys of another kind: {keys["others"]}'
    yield from _wrapped(list(map(repr, keys['others_listed'])))
  if damaged['count']:
    yield (f'damaged pages: {damaged["count"]}; reading what hangs on them '
           'may end training')
    yield from (f'  {line}' for line in damaged['listed'])
    yield from _more(damaged['count'], len(damaged['listed']), max_listed)


def _middle(found: dict[str, Any]) -> Iterator[str]:
  lengths, characters = found['label_length'], found['characters']
  outside, images = found['outside_charset'], found['images']
  yield _spread_line('label length', lengths['spread'], ' characters')
  yield from _wrapped([f'{length}: {count}' for length, count
                       in lengths['histogram'].items()])
  yield f'characters: {len(characters)} kinds'
  yield from _wrapped([
      f'{character!r} {count}' for character, count
      in list(characters.items())[:_MOST_CHARACTERS]])
  if len(characters) > _MOST_CHARACTERS:
    yield f'  {len(characters) - _MOST_CHARACTERS} more; --json has all'
  yield (f'outside --charset={outside["charset"]}: '
         + _counts(_reprs(outside['characters'])))
  yield f'image formats: {_counts(images["formats"])}'
  yield _spread_line('image height', images['height'], ' px')
  yield _spread_line('image width', images['width'], ' px')
  yield _spread_line('width / height', images['aspect'], '')
  yield f'skipped in training: {_counts(found["skipped_in_training"])}'


def _duplicate_lines(found: dict[str, Any]) -> Iterator[str]:
  if not found['images']:
    yield 'duplicates: none'
    return
  yield (f'duplicates: {found["surplus_records"]} records repeat one of '
         f'{found["images"]} images, {found["with_different_labels"]} of them '
         'with different labels')
  for group in found['listed']:
    if len(group['labels']) > 1:
      yield (f'  {", ".join(group["keys"])}: '
             + ', '.join(map(repr, group['labels'])))


def lines(found: dict[str, Any], max_listed: int) -> Iterator[str]:
  """The report for people.

  Args:
    found: of `summary`.
    max_listed: as it was there.
  """
  yield from _head(found, max_listed)
  yield from _middle(found)
  yield from _duplicate_lines(found['duplicates'])
  unusable = found['unusable']
  yield f'unusable records: {unusable["records"]}'
  for broken in unusable['listed']:
    detail = f': {broken["detail"]}' if broken['detail'] else ''
    yield f'  {broken["key"]}: {broken["reason"]}{detail}'
  yield from _more(unusable['records'], len(unusable['listed']), max_listed)
  if found['fixed']:
    yield (f'{found["fixed"]["path"]}: {found["fixed"]["records"]} records, '
           f'left out {_counts(found["fixed"]["left_out"])}')
