'use strict';

// The gallery: filters, cards, and where the model looked. All else of the
// page works without this script.

// Order of a row's values, as master/report/gallery.py writes them.
const FIELDS = ['set', 'index', 'label', 'text', 'confidence', 'kind', 'wrong',
  'mistakes', 'change', 'otherText', 'labelMarks', 'textMarks', 'symbols',
  'extent', 'attention'];
const MISTAKES = ['substituted', 'missing', 'added', 'empty'];
const CHANGES = ['', 'gained', 'lost', 'other'];
const FILTERS = ['q', 'regex', 'set', 'under', 'kind', 'mistake', 'change',
  'minlen', 'maxlen', 'minconf', 'maxconf', 'sort'];
const SHOWN_AT_ONCE = 24;

const SVG = 'http://www.w3.org/2000/svg';
// The common space is seen to as well; it is marked in another way.
const INVISIBLE = /[\p{C}\p{Z}\p{DI}\u2800]/u;
const COMBINING = /^\p{M}/u;

const byId = (id) => document.getElementById(id);
const control = (name) => byId(`f-${name}`);
const readJson = (id) => JSON.parse(byId(id).textContent);
const number = new Intl.NumberFormat('en');
const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)} %`;

// ---------------------------------------------------------------- elements

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  setAll(made, attributes);
  made.append(...children);
  return made;
}

function shape(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  setAll(made, attributes);
  made.append(...children);
  return made;
}

function setAll(made, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
}

function codePoint(character) {
  const digits = character.codePointAt(0).toString(16).toUpperCase();
  return `U+${digits.padStart(4, '0')}`;
}

// A text of which every character can be seen, as a string.
function plain(text) {
  return Array.from(text, (c) => (
    c !== ' ' && INVISIBLE.test(c) ? `[${codePoint(c)}]` : c)).join('');
}

// The name of one character by itself.
function symbolName(character) {
  if (character === ' ') return '\u2423';
  if (INVISIBLE.test(character)) return codePoint(character);
  return COMBINING.test(character) ? `\u25cc${character}` : character;
}

// A text with its differences marked; nothing of it is ever a tag.
function marked(text, marks) {
  const whole = element('bdi');
  let span = null;
  let last = '';
  Array.from(text).forEach((character, i) => {
    const mark = marks[i] || '.';
    if (mark !== last) {
      span = mark === '.' ? element('span')
        : element('span', {class: `d-${mark}`});
      whole.append(span);
      last = mark;
      // Else it would combine with what is marked otherwise.
      if (COMBINING.test(character)) span.append('\u25cc');
    }
    if (character === ' ') {
      span.append(element('span', {class: 'space'}, '\u2423'));
    } else if (INVISIBLE.test(character)) {
      span.append(element('span', {class: 'mark'}, codePoint(character)));
    } else {
      span.append(character);
    }
  });
  return whole;
}

function textOrNothing(text, marks) {
  return text ? marked(text, marks)
    : element('span', {class: 'nothing'}, 'nothing');
}

// --------------------------------------------------------------- attention

// Of each symbol the cells [row, column, weight in (0, 1]]; see
// master/report/attention.py.
function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const height = view.getUint16(0, true);
  const width = view.getUint16(2, true);
  const count = view.getUint16(4, true);
  const cells = view.getUint8(6);
  const placeSize = height * width > 256 ? 2 : 1;
  const levels = 7 + count * cells * placeSize;
  const symbols = [];
  for (let i = 0; i < count * cells; i++) {
    if (i % cells === 0) symbols.push([]);
    const pair = bytes[levels + (i >> 1)];
    const level = i % 2 ? pair & 15 : pair >> 4;
    const place = placeSize === 2 ? view.getUint16(7 + 2 * i, true)
      : bytes[7 + i];
    if (level) {
      symbols.at(-1).push(
        [Math.floor(place / width), place % width, level / 15]);
    }
  }
  return {height, width, symbols};
}

// Where a symbol's attention lies, in words.
function whereabouts(attention, cells, extent) {
  let total = 0;
  let outside = 0;
  let x = 0;
  let y = 0;
  for (const [row, column, weight] of cells) {
    const across = (column + 0.5) / (attention.width * extent);
    total += weight;
    if (across > 1) {
      outside += weight;
    } else {
      x += weight * across;
      y += weight * (row + 0.5) / attention.height;
    }
  }
  if (!total) return '';
  if (outside > total / 2) return 'looks outside the picture';
  const down = y / (total - outside);
  const part = down < 1 / 3 ? 'upper' : down < 2 / 3 ? 'middle' : 'lower';
  const across = Math.round(100 * x / (total - outside));
  return `looks at ${across} % across, ${part}`;
}

// The padding right of the picture lies outside of the view box.
function overlay(attention, cells, extent) {
  const drawn = shape('svg', {
    viewBox: `0 0 ${attention.width * extent} ${attention.height}`,
    preserveAspectRatio: 'none', 'aria-hidden': 'true'});
  for (const [y, x, weight] of cells) {
    drawn.append(shape('rect', {class: 'hit', x, y, width: 1, height: 1,
      'fill-opacity': (0.7 * weight).toFixed(2)}));
  }
  const [peak] = cells.filter((cell) => cell[2] === 1);
  if (peak) {
    for (const kind of ['peak under', 'peak']) {
      drawn.append(shape('rect', {class: kind, x: peak[1], y: peak[0],
        width: 1, height: 1}));
    }
  }
  return drawn;
}

// ------------------------------------------------------------------- cards

function picture(row, names) {
  const holder = element('div', {class: 'picture'});
  if (!row.picture) {
    holder.append(element('span', {class: 'nothing'}, 'no picture'));
    return holder;
  }
  const image = element('img', {
    alt: `Record ${row.index} of ${plain(names.sets[row.set])}: `
      + `\u201c${plain(row.label)}\u201d`,
    src: `data:image/webp;base64,${row.picture}`});
  const frame = element('div', {class: 'frame'}, image);
  image.addEventListener('load', () => {
    frame.style.setProperty(
      '--ratio', image.naturalWidth / image.naturalHeight);
  });
  holder.append(frame);
  return holder;
}

function texts(row) {
  const list = element('dl', {class: 'texts'},
    element('dt', {}, 'label'),
    element('dd', {}, textOrNothing(row.label, row.labelMarks)),
    element('dt', {}, 'read'),
    element('dd', {}, textOrNothing(row.text, row.textMarks)));
  if (row.otherText !== null) {
    list.append(element('dt', {}, 'other model'),
      element('dd', {}, textOrNothing(row.otherText, '')));
  }
  return list;
}

function facts(row, names) {
  const wrong = bits(row.wrong, names.protocols);
  const parts = [
    row.confidence === null ? '' : `confidence ${percent(row.confidence, 2)}`,
    names.kinds[row.kind],
    wrong.length === names.protocols.length ? 'wrong under all protocols'
      : wrong.length ? `wrong under ${wrong.join(', ')}` : '',
    bits(row.mistakes, MISTAKES).join(', '),
    CHANGES[row.change] === 'other' ? 'read otherwise' : CHANGES[row.change]];
  return element('p', {class: 'facts'},
    parts.filter((part) => part).join(' \u00b7 '));
}

function bits(mask, all) {
  return all.filter((_, i) => mask >> i & 1);
}

// Of each symbol of the text its name, confidence, cells and all in words.
function symbolsOf(row, attention, extent) {
  const characters = Array.from(row.text);
  const count = Math.max(row.symbols.length,
    attention ? attention.symbols.length : 0);
  // With symbols that stand for no character, none is known by its place.
  const isKnown = count - characters.length <= 1 && count >= characters.length;
  return Array.from({length: count}, (_, i) => {
    const isEnd = isKnown && i === characters.length;
    const name = isEnd ? 'end' : isKnown ? symbolName(characters[i])
      : `#${i + 1}`;
    const confidence = i < row.symbols.length ? row.symbols[i] / 1000 : null;
    const cells = attention && attention.symbols[i] || [];
    const parts = [
      isEnd ? 'end of the text' : `${name}, ${i + 1} of ${count}`,
      confidence === null ? '' : percent(confidence),
      whereabouts(attention, cells, extent)];
    return {name, confidence, cells,
      label: parts.filter((part) => part).join('; ')};
  });
}

function symbolButton(symbol) {
  const button = element('button', {type: 'button', tabindex: -1,
    'aria-pressed': 'false', 'aria-label': symbol.label},
    element('bdi', {}, symbol.name));
  if (symbol.confidence !== null) {
    button.append(
      element('small', {}, Math.round(100 * symbol.confidence)),
      shape('svg', {viewBox: '0 0 1 1', preserveAspectRatio: 'none',
        'aria-hidden': 'true'},
        shape('rect', {class: 'rest', width: 1, height: 1}),
        shape('rect', {class: 'level', width: symbol.confidence, height: 1})));
  }
  return button;
}

// Buttons of the symbols: one stop of Tab, arrows go on, Enter keeps one.
function symbolBar(symbols, show) {
  const bar = element('div', {class: 'symbols', role: 'toolbar',
    'aria-label': 'Symbols read, with confidence in percent'});
  const buttons = symbols.map(symbolButton);
  let kept = -1;
  const back = () => show(symbols[kept]);
  const keep = (i) => {
    kept = i;
    buttons.forEach((button, j) => {
      button.setAttribute('aria-pressed', String(i === j));
    });
    back();
  };
  const reach = (i) => {
    buttons.forEach((button, j) => { button.tabIndex = i === j ? 0 : -1; });
    show(symbols[i]);
  };
  buttons.forEach((button, i) => {
    button.addEventListener('mouseenter', () => show(symbols[i]));
    button.addEventListener('mouseleave', back);
    button.addEventListener('focus', () => reach(i));
    button.addEventListener('blur', back);
    button.addEventListener('click', () => keep(kept === i ? -1 : i));
    button.addEventListener('keydown', (event) => {
      const to = {ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0,
        End: buttons.length - 1}[event.key];
      if (event.key === 'Escape') keep(-1);
      if (to === undefined) return;
      event.preventDefault();
      buttons[to]?.focus();
    });
  });
  if (buttons.length) buttons[0].tabIndex = 0;
  bar.append(...buttons);
  return bar;
}

function card(row, names) {
  const shown = picture(row, names);
  const made = element('li', {class: 'card', tabindex: -1},
    element('h3', {}, element('bdi', {}, plain(names.sets[row.set])),
      ` ${row.index}`),
    shown, texts(row), facts(row, names));
  const attention = row.attention ? unpack(row.attention) : null;
  const extent = row.extent || 1;
  const symbols = symbolsOf(row, attention, extent);
  if (symbols.length) {
    const where = element('p', {class: 'where'});
    const frame = shown.querySelector('.frame');
    made.append(symbolBar(symbols, (symbol) => {
      where.textContent = symbol ? symbol.label : '';
      if (!frame) return;
      frame.querySelector('svg')?.remove();
      if (symbol?.cells.length) {
        frame.append(overlay(attention, symbol.cells, extent));
      }
    }), where);
  }
  return made;
}

// ----------------------------------------------------------------- filters

function readRows() {
  const pictures = readJson('pictures');
  return readJson('rows').map((values, i) => {
    const row = Object.fromEntries(
      FIELDS.map((field, j) => [field, values[j]]));
    // A star: this is the whole canvas, and not the part with the picture.
    const isWhole = pictures[i].startsWith('*');
    return {...row, place: i, length: Array.from(row.label).length,
      picture: isWhole ? pictures[i].slice(1) : pictures[i],
      extent: isWhole ? 1 : row.extent,
      searched: [row.label.toLowerCase(), row.text.toLowerCase()]};
  });
}

// A function of a row; throws a SyntaxError for a bad regular expression.
function matcher(query, isRegex) {
  if (!query) return null;
  if (isRegex) {
    const pattern = new RegExp(query, 'iu');
    return (row) => pattern.test(row.label) || pattern.test(row.text);
  }
  const wanted = query.toLowerCase();
  return (row) => row.searched.some((text) => text.includes(wanted));
}

function bounds(low, high, value) {
  if (low === '' && high === '') return null;
  const least = low === '' ? -Infinity : Number(low);
  const most = high === '' ? Infinity : Number(high);
  return (row) => value(row) !== null && value(row) >= least
    && value(row) <= most;
}

// All that a row must pass, of the filters that are set.
function conditions(state, names) {
  const chosen = (name, all, test) => {
    const i = all.indexOf(state[name]);
    return state[name] === '' ? null : (row) => test(row, i);
  };
  return [
    matcher(state.q, state.regex),
    chosen('set', names.sets, (row, i) => row.set === i),
    chosen('under', names.protocols, (row, i) => row.wrong >> i & 1),
    chosen('kind', names.kinds, (row, i) => row.kind === i),
    chosen('mistake', MISTAKES, (row, i) => row.mistakes >> i & 1),
    chosen('change', CHANGES, (row, i) => row.change === i),
    bounds(state.minlen, state.maxlen, (row) => row.length),
    // Percent with the decimals of the rows, not of binary fractions.
    bounds(state.minconf, state.maxconf, (row) => (
      row.confidence === null ? null
        : Math.round(row.confidence * 1e6) / 1e4)),
  ].filter((condition) => condition);
}

function sorted(rows, order) {
  if (order === 'set') {
    return rows.sort((a, b) => a.set - b.set || a.index - b.index);
  }
  const sign = order === 'least' ? 1 : -1;
  // What has no confidence comes last.
  const key = (row) => (row.confidence === null ? 2 : sign * row.confidence);
  return rows.sort((a, b) => key(a) - key(b) || a.place - b.place);
}

function fillSelect(name, all, every, rows, has) {
  const select = control(name);
  select.append(element('option', {value: ''}, every));
  all.forEach((value, i) => {
    if (!value) return;
    const count = rows.filter((row) => has(row, i)).length;
    select.append(element('option', {value},
      `${plain(value)} (${number.format(count)})`));
  });
}

function fillSelects(rows, names) {
  fillSelect('set', names.sets, 'all sets', rows, (row, i) => row.set === i);
  fillSelect('under', names.protocols, 'any protocol or none', rows,
    (row, i) => row.wrong >> i & 1);
  fillSelect('kind', names.kinds, 'all kinds', rows,
    (row, i) => row.kind === i);
  fillSelect('mistake', MISTAKES, 'any mistake or none', rows,
    (row, i) => row.mistakes >> i & 1);
  fillSelect('change', CHANGES, 'any change or none', rows,
    (row, i) => row.change === i);
  byId('change-field').hidden = !rows.some((row) => row.change);
}

// ------------------------------------------------------------------- state

function readState() {
  return Object.fromEntries(FILTERS.map((name) => [
    name, name === 'regex' ? control(name).checked : control(name).value]));
}

function stateToHash(state) {
  const kept = FILTERS.filter((name) => state[name])
    .map((name) => [name, state[name] === true ? '1' : state[name]]);
  return `#${new URLSearchParams(kept)}`;
}

// Whether the address holds a view of the gallery, which is then restored.
function restoreState() {
  if (!location.hash.includes('=')) return false;
  const values = new URLSearchParams(location.hash.slice(1));
  for (const name of FILTERS) {
    const value = values.get(name) || '';
    if (name === 'regex') {
      control(name).checked = value !== '';
    } else {
      control(name).value = value;
      // A name that there is not.
      if (control(name).selectedIndex === -1) control(name).value = '';
    }
  }
  return true;
}

function keepState(state) {
  try {
    history.replaceState(null, '', stateToHash(state));
  } catch {
    // Some browsers do not allow it for files; only the address is missed.
  }
}

// ----------------------------------------------------------------- gallery

class Gallery {
  constructor(rows, names) {
    this.rows = rows;
    this.names = names;
    this.found = [];
    this.shown = 0;
  }

  // The rows that pass, in order.
  choose(state) {
    const error = byId('search-error');
    error.textContent = '';
    control('q').removeAttribute('aria-invalid');
    try {
      const passed = conditions(state, this.names);
      return sorted(this.rows.filter(
        (row) => passed.every((condition) => condition(row))), state.sort);
    } catch (problem) {
      if (!(problem instanceof SyntaxError)) throw problem;
      error.textContent = `No regular expression: ${problem.message}`;
      control('q').setAttribute('aria-invalid', 'true');
      return [];
    }
  }

  update() {
    this.found = this.choose(readState());
    this.shown = 0;
    byId('cards').replaceChildren();
    this.showMore();
  }

  showMore() {
    const next = this.found.slice(this.shown, this.shown + SHOWN_AT_ONCE);
    const made = next.map((row) => card(row, this.names));
    byId('cards').append(...made);
    this.shown += next.length;
    const left = this.found.length - this.shown;
    byId('more').hidden = !left;
    byId('more').textContent = (
      `Show ${Math.min(left, SHOWN_AT_ONCE)} more`);
    byId('count').textContent = `${number.format(this.found.length)} of `
      + `${number.format(this.rows.length)} samples, `
      + `${number.format(this.shown)} shown`;
    return made[0];
  }
}

// At first what is wrong under the headline protocol: capitals that a model of
// small letters cannot write would stand before everything else.
function startAtHeadline(rows, names) {
  if (rows.some((row) => row.wrong & 1)) {
    control('under').value = names.protocols[0];
  }
}

function startGallery() {
  const names = readJson('names');
  const rows = readRows();
  fillSelects(rows, names);
  const gallery = new Gallery(rows, names);
  const change = () => {
    gallery.update();
    keepState(readState());
  };
  const form = byId('filters');
  form.addEventListener('input', change);
  form.addEventListener('submit', (event) => event.preventDefault());
  // The fields are empty only after the event.
  form.addEventListener('reset', () => setTimeout(change));
  byId('more').addEventListener('click', () => gallery.showMore()?.focus());
  const restore = () => {
    if (!restoreState()) return;
    gallery.update();
    byId('gallery').scrollIntoView();
  };
  addEventListener('hashchange', restore);
  byId('gallery-body').hidden = false;
  startAtHeadline(rows, names);
  gallery.update();
  restore();
}

// Goes on from the system's colours to light, to dark, and back.
function startTheme() {
  const button = byId('theme');
  const themes = ['automatic', 'light', 'dark'];
  let current = 0;
  button.hidden = false;
  button.addEventListener('click', () => {
    current = (current + 1) % themes.length;
    document.documentElement.dataset.theme = themes[current];
    button.textContent = `Colours: ${themes[current]}`;
  });
}

startTheme();
startGallery();
