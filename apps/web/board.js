// A board to draw on: pen, eraser for the last line, a picture under it. Pointer, touch and keyboard.
import { byId, el, loadPicture, say } from './dom.js';

const colours = [['#1b1b1f', 'black'], ['#c62828', 'red'], ['#1565c0', 'blue'], ['#2e7d32', 'green'], ['#ef6c00', 'orange']];
const largest = 1024;

export class Board {
  /** @param options.picture  whether a person may put a picture under the lines */
  constructor(place, { label, picture = true } = {}) {
    this.mayPut = picture;
    this.strokes = [];
    this.under = null;
    this.colour = colours[0][0];
    this.width = 5;
    this.cursor = { x: 0.5, y: 0.5, down: false, shown: false };
    this.canvas = el('canvas', { width: 640, height: 640, tabindex: 0, role: 'img', 'aria-label': `${label}. Arrow keys move the pen, space puts it down and lifts it.` });
    this.hint = el('p', { class: 'board-hint', 'aria-hidden': 'true' }, picture ? 'Draw here, or drop a picture' : '');
    const palette = el('div', { class: 'palette', role: 'group', 'aria-label': 'Pen' },
      colours.map(([value, name]) => el('button', { type: 'button', class: `swatch swatch-${name}`, 'aria-label': name, 'aria-pressed': String(value === this.colour), title: name,
        onclick: (event) => this.choose(value, event.currentTarget) })));
    this.palette = palette;
    const thick = el('select', { 'aria-label': 'Width of the pen', onchange: (event) => { this.width = Number(event.target.value); } },
      [[3, 'fine'], [5, 'medium'], [10, 'broad']].map(([value, name]) => el('option', { value: String(value), selected: value === 5 }, name)));
    const buttons = el('div', { class: 'row tight' },
      el('button', { type: 'button', class: 'quiet', onclick: () => this.undo() }, 'Undo'),
      el('button', { type: 'button', class: 'quiet', onclick: () => this.clear() }, 'Clear'));
    const tools = el('div', { class: 'board-tools' }, palette, thick, buttons);
    if (picture) {
      const file = el('input', { type: 'file', accept: 'image/png,image/jpeg,image/webp', class: 'unseen', tabindex: -1, 'aria-hidden': 'true',
        onchange: () => { if (file.files[0]) this.put(file.files[0]); file.value = ''; } });
      buttons.append(el('button', { type: 'button', class: 'quiet', onclick: () => file.click() }, 'Picture…'), file);
    }
    this.problem = el('p', { class: 'error', role: 'alert' });
    this.frame = el('div', { class: 'board' }, this.canvas, this.hint);
    place.replaceChildren(this.frame, tools, this.problem);
    this.listen(picture);
    this.draw();
  }

  get empty() { return this.strokes.length === 0 && !this.under; }

  choose(value, button) {
    this.colour = value;
    for (const other of this.palette.children) other.setAttribute('aria-pressed', String(other === button));
  }

  listen(picture) {
    const canvas = this.canvas;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      const inside = (value) => Math.min(1, Math.max(0, value));
      return [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)];
    };
    canvas.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.cursor.shown = false;
      this.begin(at(event));
      event.preventDefault();
      canvas.focus({ preventScroll: true });
    });
    canvas.addEventListener('pointermove', (event) => { if (this.current) for (const one of event.getCoalescedEvents?.() ?? [event]) this.extend(at(one)); });
    for (const name of ['pointerup', 'pointercancel']) canvas.addEventListener(name, () => this.finish());
    canvas.addEventListener('keydown', (event) => this.onKey(event));
    canvas.addEventListener('blur', () => { this.cursor.shown = this.cursor.down = false; this.finish(); this.draw(); });
    if (!picture) return;
    this.frame.addEventListener('dragover', (event) => { event.preventDefault(); this.frame.classList.add('dropping'); });
    this.frame.addEventListener('dragleave', () => this.frame.classList.remove('dropping'));
    this.frame.addEventListener('drop', (event) => {
      event.preventDefault();
      this.frame.classList.remove('dropping');
      if (event.dataTransfer.files[0]) this.put(event.dataTransfer.files[0]);
    });
    canvas.addEventListener('paste', (event) => { if (event.clipboardData.files[0]) this.put(event.clipboardData.files[0]); });
  }

  onKey(event) {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const cursor = this.cursor;
    if (move) {
      const step = event.shiftKey ? 0.1 : 0.02, inside = (value) => Math.min(1, Math.max(0, value));
      cursor.x = inside(cursor.x + move[0] * step);
      cursor.y = inside(cursor.y + move[1] * step);
      cursor.shown = true;
      if (cursor.down) this.extend([cursor.x, cursor.y]);
    } else if (event.key === ' ') {
      cursor.shown = true;
      cursor.down = !cursor.down;
      if (cursor.down) this.begin([cursor.x, cursor.y]);
      else this.finish();
      say(cursor.down ? 'The pen is down.' : 'The pen is up.');
    } else if (event.key === 'z' && (event.ctrlKey || event.metaKey)) {
      this.undo();
    } else {
      return;
    }
    event.preventDefault();
    this.draw();
  }

  begin(point) { this.current = { colour: this.colour, width: this.width, points: [point] }; }

  extend(point) {
    if (!this.current) return;
    const [x, y] = this.current.points.at(-1);
    if (Math.hypot(point[0] - x, point[1] - y) < 0.003) return;
    this.current.points.push(point);
    this.draw();
  }

  finish() {
    const stroke = this.current;
    this.current = null;
    if (!stroke) return;
    if (stroke.points.length === 1) stroke.points.push([Math.min(1, stroke.points[0][0] + 0.002), stroke.points[0][1]]);
    this.strokes.push(stroke);
    this.draw();
    this.onchange?.();
  }

  undo() {
    if (this.strokes.pop()) say('The last line is gone.');
    this.draw();
    this.onchange?.();
  }

  clear() {
    this.strokes = [];
    if (this.mayPut) {
      this.under = null;
      this.canvas.width = this.canvas.height = 640;
    }
    this.problem.textContent = '';
    this.draw();
    this.onchange?.();
    say(this.under ? 'The lines are gone.' : 'The board is empty.');
  }

  /** @param source  a file, or an address of ours. @param side  of the longest edge, at most */
  async put(source, side = largest) {
    this.problem.textContent = '';
    try {
      this.under = await loadPicture(source, side);
      this.strokes = [];
      this.canvas.width = this.under.width;
      this.canvas.height = this.under.height;
      this.draw();
      this.onchange?.();
      say('The picture is on the board.');
    } catch (error) {
      this.problem.textContent = error.message;
    }
  }

  draw() {
    const { width, height } = this.canvas, pen = this.canvas.getContext('2d');
    pen.fillStyle = '#fff';
    pen.fillRect(0, 0, width, height);
    if (this.under) pen.drawImage(this.under, 0, 0);
    pen.lineCap = pen.lineJoin = 'round';
    for (const stroke of this.current ? [...this.strokes, this.current] : this.strokes) {
      pen.strokeStyle = stroke.colour;
      pen.lineWidth = stroke.width * Math.max(width, height) / 640;
      pen.beginPath();
      for (const [x, y] of stroke.points) pen.lineTo(x * width, y * height);
      pen.stroke();
    }
    this.hint.hidden = !this.empty || Boolean(this.current) || this.cursor.shown;
    if (!this.cursor.shown) return;
    const x = this.cursor.x * width, y = this.cursor.y * height, arm = width / 40;
    pen.strokeStyle = this.cursor.down ? this.colour : '#555';
    pen.lineWidth = 2;
    pen.beginPath();
    pen.moveTo(x - arm, y); pen.lineTo(x + arm, y);
    pen.moveTo(x, y - arm); pen.lineTo(x, y + arm);
    pen.stroke();
  }

  /** A PNG as a data: URI. */
  png() {
    this.cursor.shown = false;
    this.draw();
    return this.canvas.toDataURL('image/png');
  }

  /** The lines as calls of draw_polyline on the picture `name`. */
  moves(name) {
    return this.strokes.map((stroke, at) => {
      const every = Math.ceil(stroke.points.length / 400);
      const points = stroke.points.filter((_, i) => i % every === 0 || i === stroke.points.length - 1).map((point) => point.map((value) => Number(value.toFixed(4))));
      return { thought: at === 0 ? 'A person draws on the picture.' : 'And one more line.',
        call: { tool: 'draw_polyline', arguments: { canvas: name, points, colour: stroke.colour, width: stroke.width } } };
    });
  }
}

/** The dialog to draw on an observation. @returns the board's moves and whether to go on; null if it was left */
export async function drawOn(picture, name) {
  const dialog = byId('draw-dialog');
  const board = new Board(byId('draw-board'), { label: 'The observation', picture: false });
  board.colour = colours[1][0];
  board.choose(colours[1][0], board.palette.children[1]);
  await board.put(picture);
  dialog.showModal();
  board.canvas.focus();
  return new Promise((resolve) => {
    const close = (result) => { dialog.onclose = null; dialog.close(); resolve(result); };
    const take = (goOn) => {
      if (board.strokes.length === 0) { board.problem.textContent = 'There is no line yet.'; return; }
      close({ moves: board.moves(name), goOn });
    };
    byId('draw-go').onclick = () => take(true);
    byId('draw-only').onclick = () => take(false);
    byId('draw-cancel').onclick = () => close(null);
    dialog.onclose = () => resolve(null);
  });
}
