// The first panel: a question, a board, examples, and the columns of chains.
import { onSubmit, post, show } from './api.js';
import { Board } from './board.js';
import { Chain } from './chain.js';
import { byId, el, say } from './dom.js';

const names = { connectivity: 'Connectivity', isomorphism: 'Isomorphism', maxflow: 'Max flow', parity: 'Parity', convexity: 'Convexity',
  chess_winner: 'Chess winner', geometry: 'Geometry', jigsaw: 'Jigsaw', pictures: 'Shapes in a picture', scenes: 'Things in a picture' };

export function openSketch(service) {
  const board = new Board(byId('sketch-board'), { label: 'Board' });
  const question = byId('question'), planner = byId('planner'), error = byId('sketch-error'), shown = byId('example');
  const seeds = {};  // of the example that was shown last, a task each
  let example = null;

  planner.replaceChildren(...service.planners.map((one) => el('option', { value: one.id }, one.id)));
  const explain = () => { byId('planner-says').textContent = `${service.planners.find((one) => one.id === planner.value)?.says ?? ''}.`; };
  planner.addEventListener('change', explain);
  explain();

  const drop = () => {
    example = null;
    shown.hidden = true;
    for (const chip of byId('examples').children) chip.setAttribute('aria-pressed', 'false');
  };

  async function choose(task, chip) {
    error.textContent = '';
    seeds[task] = (seeds[task] ?? 0) + 1;
    try {
      const made = await post('sketch/problems', { task, seed: seeds[task] });
      drop();
      example = made;
      chip.setAttribute('aria-pressed', 'true');
      byId('board-fold').open = false;
      question.value = made.question;
      const fields = Object.entries(made.fields);
      shown.replaceChildren(
        el('div', { class: 'thumbs' }, Object.entries(made.pictures).map(([name, file]) => el('img', { src: file, alt: `Picture ${name} of the example` }))),
        fields.length ? el('details', { class: 'data' }, el('summary', {}, 'Data'), el('pre', { tabindex: 0, 'aria-label': 'Data of the example' }, fields.map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join('\n'))) : '',
        el('div', { class: 'row tight' }, el('button', { type: 'button', class: 'quiet', onclick: () => choose(task, chip) }, 'Another one'),
          el('button', { type: 'button', class: 'quiet', onclick: () => { drop(); byId('board-fold').open = true; question.value = ''; question.focus(); } }, 'Without the example')));
      shown.hidden = false;
      say(`Example: ${names[task] ?? task}`);
    } catch (failure) {
      show(failure, error);
    }
  }
  byId('examples').replaceChildren(...service.tasks.map((task) => el('button', { type: 'button', class: 'chip', 'aria-pressed': 'false', onclick: (event) => choose(task, event.currentTarget) }, names[task] ?? task)));

  const context = { tools: service.tools.map((tool) => tool.function), planner: () => planner.value, place: byId('chains') };
  const wrong = () => {
    if (!question.value.trim()) return ['question', 'There is no question yet.'];
    return byId('steps').checkValidity() ? null : ['steps', 'Calls at most: a number from 0 to 40.'];
  };
  onSubmit('sketch', wrong, async (signal) => {
    const body = { question: question.value, steps: Number(byId('steps').value) };
    if (example) Object.assign(body, { task: example.task, seed: example.seed });
    if (!board.empty && byId('board-fold').open) body.pictures = [board.png()];
    const chain = new Chain(await post('sketch/sessions', body, signal), context);
    byId('chains-empty').hidden = true;
    chain.focus();
    chain.run();
  });

  document.addEventListener('to-board', (event) => {
    drop();
    byId('board-fold').open = true;
    board.put(event.detail);
    document.dispatchEvent(new CustomEvent('open-tab', { detail: 'sketch' }));
    question.focus();
  });
}
