"""The report of an evaluation: one self-contained HTML file."""

import base64
import hashlib
import html
import pathlib
import string
from typing import Any, Callable, Mapping, NamedTuple, Optional, Sequence

from master import errors
from master import files
from master.report import details
from master.report import gallery
from master.report import markup
from master.report import pictures
from master.report import sections

_FILES = pathlib.Path(__file__).parent
# Bytes of a sample in addition to its row and picture: quotes, commas, ends.
_AROUND = 6
# For the sentences that say what of the gallery did not fit.
_NOTICES = 1024


class _Content(NamedTuple):
  """What of the gallery fits into the page.

  Attributes:
    rows: JSON of each sample.
    pictures: JSON of each one's picture.
    notices: sentences about the rest.
  """
  rows: Sequence[bytes]
  pictures: Sequence[bytes]
  notices: Sequence[str]


def _hash(content: str) -> str:
  """As a Content-Security-Policy names an inline script or style."""
  digest = hashlib.sha256(content.encode('utf-8')).digest()
  return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _banner(results: Mapping[str, Any]) -> str:
  if not results.get('partial'):
    return ''
  return ('<p class="banner" role="note"><strong>Partial:</strong> the '
          'evaluation was interrupted before all was read; numbers are of '
          'what was read until then.</p>')


def _template() -> tuple[string.Template, dict[str, str]]:
  """The page, and what it holds whatever the results are."""
  style, script = ((_FILES / name).read_text('utf-8')
                   for name in ('page.css', 'page.js'))
  policy = ("default-src 'none'; img-src data:; base-uri 'none'; form-action "
            f"'none'; style-src {_hash(style)}; script-src {_hash(script)}")
  page = string.Template((_FILES / 'page.html').read_text('utf-8'))
  return page, {'policy': policy, 'style': style, 'script': script}


def _sections(results: Mapping[str, Any]) -> dict[str, str]:
  """HTML of all but the gallery."""
  main = details.main_row(results)
  values = dict(sections.rows(results)).get(main)
  found = sections.protocols(results)
  compared = sections.comparison(results)
  none = '<p>No set was evaluated.</p>'
  return {
      'model': markup.text(results['model']),
      'model_plain': html.escape(markup.plain(results['model'])),
      'date': markup.text(results['settings'].get('date') or ''),
      'banner': _banner(results),
      'accuracy': sections.accuracy_table(results),
      'omissions': sections.omissions(results),
      'notes': sections.notes(results),
      'comparison': (f'<section id="comparison" aria-labelledby="h-comparison">'
                     f'<h2 id="h-comparison">Comparison</h2>{compared}'
                     '</section>' if compared else ''),
      'comparison_link': ('<li><a href="#comparison">Comparison</a></li>'
                          if compared else ''),
      'lead': (sections.lead(main, found[0], values['protocols'][found[0]])
               if values and found else ''),
      'main_row': sections.shown_name(main),
      'headline': markup.text(found[0] if found else ''),
      'curves': details.curves(main, values) if values else none,
      'confusions': details.confusions(
          main, values, results.get('charset') or '') if values else none,
      'others': details.others(results),
      'speed': sections.speed(results),
      'settings': sections.settings(results),
  }


def _without_attention(items: Sequence[gallery.Item]) -> list[gallery.Item]:
  return [item._replace(attention=b'') for item in items]


def _fitting_rows(items: Sequence[gallery.Item], known: gallery.Names,
                  room: int) -> tuple[list[bytes], list[str]]:
  """Rows, the last ones left out where there is no room; and what to say."""
  def encoded(items):
    return [gallery.to_json(gallery.row(item, known)) for item in items]

  def taken(rows):
    return sum(map(len, rows)) + _AROUND * len(rows)

  rows, notices = encoded(items), []
  if taken(rows) > room and any(item.attention for item in items):
    rows = encoded(_without_attention(items))
    notices.append('To keep the page small it has no attention.')
  kept = len(rows)
  if taken(rows) > room:
    left, kept = room, 0
    while kept < len(rows) and taken(rows[kept:kept + 1]) <= left:
      left -= taken(rows[kept:kept + 1])
      kept += 1
    notices.append(f'To keep the page small the last '
                   f'{markup.count(len(rows) - kept)} samples of the gallery '
                   'are left out.')
  return rows[:kept], notices


def _content(items: Sequence[gallery.Item], known: gallery.Names, room: int,
             progress: Optional[Callable[[int], None]]) -> _Content:
  """The gallery in `room` bytes."""
  rows, notices = _fitting_rows(items, known, room)
  left = room - sum(len(row) + _AROUND for row in rows)
  kept = items[:len(rows)]
  size = pictures.choose(kept, left)
  shown, missing = [], 0
  for number, item in enumerate(kept, 1):
    found = pictures.to_json(pictures.encode(item, size))
    missing += len(found) - 2 > left
    shown.append(found if len(found) - 2 <= left else b'""')
    left -= len(shown[-1]) - 2
    if progress:
      progress(number)
  if missing:
    notices.append(f'To keep the page small {markup.count(missing)} samples '
                   'are shown without their pictures.')
  return _Content(rows, shown, notices)


def _lists(content: _Content, known: gallery.Names) -> dict[str, str]:
  """The gallery's placeholders of the page."""
  notices = ''.join(f'<p class="notice">{notice}</p>'
                    for notice in content.notices)
  return {'notices': notices,
          'names': gallery.to_json(known._asdict()).decode(),
          'rows': b',\n'.join(content.rows).decode(),
          'pictures': b',\n'.join(content.pictures).decode()}


def render(results: Mapping[str, Any], items: Sequence[gallery.Item],
           budget: int, progress: Optional[Callable[[int], None]] = None
           ) -> bytes:
  """The page, in UTF-8.

  Args:
    results: what results.json holds.
    items: the samples of the gallery.
    budget: bytes that it may take; the tables of many sets may take more,
      and then there is no gallery.
    progress: gets the number of samples that are done.
  """
  page, fields = _template()
  fields |= _sections(results)
  known = gallery.names(items, list(results['sets']),
                        sections.protocols(results))
  bare = page.substitute(fields, **_lists(_Content([], [], []), known))
  room = max(0, budget - _NOTICES - len(bare.encode('utf-8')))
  content = _content(items, known, room, progress)
  return page.substitute(fields, **_lists(content, known)).encode('utf-8')


def write(path: str, results: Mapping[str, Any],
          items: Sequence[gallery.Item], budget: int = 14 << 20,
          progress: Optional[Callable[[int], None]] = None):
  """Writes the report; an older one is there until this one is whole.

  Args:
    path: of the HTML file.
    results: what results.json holds.
    items: the samples of the gallery: those that are wrong under any
      protocol, and those that another model does not read as the same.
    budget: bytes that the file may take. Pictures become smaller for it, then
      are left out.
    progress: gets the number of samples that are done.

  Raises:
    InputError: if the file cannot be written.
  """
  content = render(results, items, budget, progress)
  with errors.writing_to(path, 'name another --output_dir'):
    files.write(path, content)
