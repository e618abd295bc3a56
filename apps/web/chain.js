// A column: one chain as it grows, and the branches that a person makes of it.
import { get, getBlob, post, show, stream, wasStopped } from './api.js';
import { drawOn } from './board.js';
import { byId, download, el, plural, say, seconds } from './dom.js';
import { moveForm, stepCard } from './step.js';

let count = 0;

export class Chain {
  /**
   * @param made  the service's answer: {id, trace}
   * @param context  {tools, planner(): string, place: where columns go}
   * @param from  {chain, step} of which this is a branch
   */
  constructor(made, context, from = null) {
    this.id = made.id;
    this.trace = made.trace;
    this.context = context;
    this.number = ++count;
    this.title = from ? `Branch ${this.number}` : `Chain ${this.number}`;
    this.status = el('p', { class: 'status soft' });
    this.error = el('p', { class: 'error', role: 'alert' });
    const button = (label, act, kind = 'quiet') => el('button', { type: 'button', class: kind, 'aria-label': `${label}: ${this.title}`, onclick: act }, label);
    this.stopButton = button('Stop', () => this.stop(), 'stop');
    this.goButton = button('Go on', () => this.run(), '');
    this.closeButton = button('Close', () => this.close());
    this.cards = el('div', { class: 'cards' });
    this.column = el('section', { class: 'chain', 'aria-labelledby': `chain-${this.number}`, tabindex: -1 },
      el('header', { class: 'chain-head' },
        el('h3', { id: `chain-${this.number}` }, this.title, from ? el('span', { class: 'soft small' }, ` of ${from.chain.title}, after ${from.step ? `step ${from.step}` : 'the question'}`) : ''),
        this.status,
        el('div', { class: 'row tight' }, this.stopButton, this.goButton, button('JSON', () => this.exportJson()), button('HTML', () => this.exportPage()), this.closeButton),
        this.error),
      this.questionCard(), this.cards);
    this.render();
    this.update();
    if (from) from.chain.column.after(this.column);
    else context.place.append(this.column);
  }

  questionCard() {
    const problem = this.trace.problem, fields = Object.entries(problem.fields);
    return el('article', { class: 'card asked', 'aria-label': 'The question' },
      el('p', { class: 'question' }, problem.question),
      problem.choices.length ? el('p', { class: 'soft small' }, `One of: ${problem.choices.join(', ')}`) : null,
      Object.entries(problem.pictures).map(([name, file]) => el('figure', {}, el('img', { src: file, alt: `The problem's picture ${name}` }), el('figcaption', { class: 'soft small' }, name))),
      fields.length ? el('details', { class: 'data' }, el('summary', {}, 'Data'), el('pre', { tabindex: 0, 'aria-label': 'Data of the problem' }, fields.map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join('\n'))) : null);
  }

  get answered() { return this.trace.steps.at(-1)?.answer !== undefined; }

  render() {
    this.cards.replaceChildren();
    this.trace.steps.forEach((step, at) => this.cards.append(this.card(step, at)));
  }

  card(step, at) {
    return stepCard(step, at + 1, {
      edit: (card) => this.edit(card, at, step, 1),
      insert: (card) => this.edit(card, at + 1, { thought: '', call: { tool: 'draw_line', arguments: { a: [0.2, 0.2], b: [0.8, 0.8] } } }, 0),
      draw: () => this.draw(step, at),
      remove: () => this.branch({ keep: at, skip: 1, follow: true }, at, false).catch((error) => show(error, this.error)),
    });
  }

  /** @param skip  1: in place of a step, 0: between two */
  edit(card, at, move, skip) {
    this.editing?.();
    const later = this.trace.steps.length - at - skip;
    const form = moveForm({ title: skip ? `Edit step ${at + 1}` : `New step ${at + 1}`, move, tools: this.context.tools, later,
      done: async (made, follow, signal) => {
        await this.branch({ keep: at, skip, follow, moves: [made] }, at, !follow && made.answer === undefined, signal);
        close();
      },
      cancel: () => { close(); card.focus(); } });
    const close = () => { form.remove(); card.hidden = false; this.editing = null; };
    this.editing = close;
    card.after(form);
    card.hidden = skip === 1;
    form.first.focus();
  }

  async draw(step, at) {
    const drawn = await drawOn(step.observation.file, step.observation.picture);
    if (!drawn) return;
    try {
      await this.branch({ keep: at + 1, moves: drawn.moves }, at + 1, drawn.goOn);
    } catch (error) {
      show(error, this.error);
    }
  }

  /** The chain stays as it is; what is changed stands beside it. */
  async branch(change, step, goOn, signal) {
    this.error.textContent = '';
    const made = await post('sketch/branches', { session: this.id, ...change }, signal);
    const chain = new Chain(made, this.context, { chain: this, step });
    chain.focus();
    say(`${chain.title} begins.`);
    if (goOn && !chain.answered) chain.run();
    return chain;
  }

  focus() {
    this.column.focus({ preventScroll: true });
    this.column.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
  }

  async run() {
    if (this.leaving) return;
    this.error.textContent = '';
    const leaving = this.leaving = new AbortController(), began = performance.now();
    let since = began;
    const clock = el('span', { class: 'time' });
    const waiting = el('div', { class: 'card thinking' }, el('span', { class: 'dots', 'aria-hidden': 'true' }, el('i'), el('i'), el('i')), 'Thinking', clock);
    this.cards.append(waiting);
    const tick = setInterval(() => { clock.textContent = seconds((performance.now() - since) / 1000); }, 200);
    this.update();
    say(`${this.title}: the planner thinks.`);
    try {
      await stream('sketch/run', { session: this.id, planner: this.context.planner() }, leaving.signal, (event) => {
        if (event.type === 'sketch.step') {
          this.trace.steps.push(event.step);
          waiting.before(this.card(event.step, event.index));
          since = performance.now();
          this.update();
          say(`Step ${event.index + 1}: ${event.step.call?.tool ?? (event.step.answer !== undefined ? 'answer' : 'unreadable')}`);
        } else if (event.type === 'sketch.ended') {
          this.ended = event;
        }
      });
    } catch (error) {
      if (wasStopped(error)) await this.catchUp();
      else show(error, this.error);
    } finally {
      clearInterval(tick);
      waiting.remove();
      this.leaving = null;
      this.update();
    }
    if (this.answered) say(`${this.title} answers: ${this.trace.steps.at(-1).answer}`);
  }

  /** A turn that was under way when somebody pressed Stop may still have come to its end over there. */
  async catchUp() {
    this.stopped = true;
    try {
      const now = await get(`sketch/sessions/${this.id}`);
      this.trace = now.trace;
      this.render();
    } catch (error) {
      show(error, this.error);
    }
  }

  stop() {
    this.leaving?.abort();
    say(`${this.title} stops.`);
  }

  close() {
    this.stop();
    this.column.remove();
    if (!this.context.place.querySelector('.chain')) byId('chains-empty').hidden = false;
    byId('question').focus();
  }

  update() {
    const running = Boolean(this.leaving), steps = this.trace.steps;
    this.stopButton.hidden = !running;
    this.goButton.hidden = running || this.answered;
    this.column.classList.toggle('running', running);
    const spent = steps.reduce((sum, step) => sum + step.seconds, 0), words = [];
    if (running) words.push('thinking');
    else if (this.answered) words.push(this.ended?.right === true ? 'answered, and right' : this.ended?.right === false ? 'answered, but wrong' : 'answered');
    else if (this.ended && this.ended.outcome !== 'open') words.push(this.ended.outcome);
    else words.push(steps.length ? 'stopped' : 'not begun');
    if (steps.length) words.push(plural(steps.length, 'step'), seconds(spent));
    this.status.textContent = words.join(' · ');
    this.status.dataset.right = String(this.answered && this.ended?.right !== undefined ? this.ended.right : '');
  }

  async exportJson() {
    try {
      const { trace } = await get(`sketch/sessions/${this.id}`);
      download(`sketch-${this.number}.json`, 'application/json', JSON.stringify(trace, null, 1));
    } catch (error) {
      show(error, this.error);
    }
  }

  async exportPage() {
    try {
      download(`sketch-${this.number}.html`, 'text/html', await getBlob(`sketch/sessions/${this.id}/page.html`));
    } catch (error) {
      show(error, this.error);
    }
  }
}
