// One step of a chain as a card, and the form in which a person writes one.
import { wasStopped } from './api.js';
import { el, plural, seconds } from './dom.js';

/** What is called, in few signs: {"tool": "count", "arguments": {"kind": "red circle"}} -> count(kind: "red circle") */
function callText(call) {
  return `${call.tool}(${Object.entries(call.arguments).map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', ')})`;
}

/** Arguments as JSON, a line each. */
function argumentLines(values) {
  const lines = Object.entries(values).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return lines.length ? `{\n${lines.join(',\n')}\n}` : '{}';
}

function observationOf(step, number) {
  const seen = step.observation;
  if (!seen) return [];
  const parts = [];
  if (seen.file) parts.push(el('img', { class: 'seen', src: seen.file, alt: `${seen.picture} after step ${number}: ${seen.text}` }));
  parts.push(el('p', { class: seen.ok ? 'seen-text' : 'seen-text failed' }, seen.text));
  if (seen.data !== null && seen.data !== undefined)
    parts.push(el('details', { class: 'data' }, el('summary', {}, 'As data'), el('pre', { tabindex: 0, 'aria-label': `Data of step ${number}` }, JSON.stringify(seen.data, null, 1))));
  return parts;
}

/**
 * @param step  as a trace has it
 * @param on  edit, draw, insert, remove: called with the card
 */
export function stepCard(step, number, on) {
  const kind = step.answer !== undefined ? 'Answer' : step.call ? step.call.tool : 'Unreadable';
  const button = (label, act) => el('button', { type: 'button', class: 'quiet', 'aria-label': `${label} step ${number}`, onclick: () => act(card) }, label);
  const card = el('article', { class: `card${step.answer !== undefined ? ' answer' : ''}${step.observation && !step.observation.ok ? ' bad' : ''}`, 'aria-label': `Step ${number}: ${kind}`, tabindex: -1 },
    el('header', {}, el('span', { class: 'number', 'aria-hidden': 'true' }, String(number)), el('h4', {}, kind), el('span', { class: 'time' }, seconds(step.seconds))),
    step.thought ? el('p', { class: 'thought' }, step.thought) : null,
    step.call ? el('pre', { class: 'call', tabindex: 0, 'aria-label': `Call of step ${number}` }, callText(step.call)) : null,
    step.answer !== undefined ? el('p', { class: 'said' }, step.answer) : null,
    step.complaint ? el('pre', { class: 'call', tabindex: 0, 'aria-label': `Reply of step ${number}` }, step.reply) : null,
    observationOf(step, number),
    el('footer', {}, button('Edit', on.edit), step.observation?.file ? button('Draw on', on.draw) : null, button('Insert after', on.insert), button('Delete', on.remove)));
  return card;
}

/**
 * A form for a thought and a call or an answer.
 * @param tools  the tools' schemas
 * @param done  called with the move, whether later steps stay, and a signal: Cancel aborts it while this is at work; may
 *   throw what is wrong
 */
export function moveForm({ title, move, tools, later, done, cancel }) {
  const group = `kind-${Math.random().toString(36).slice(2)}`, id = (name) => `${group}-${name}`;
  const thought = el('textarea', { id: id('thought'), rows: 2, maxlength: 1000 });
  thought.value = move.thought ?? '';
  const asks = el('input', { type: 'radio', name: group, id: id('call'), checked: move.answer === undefined });
  const answers = el('input', { type: 'radio', name: group, id: id('answers'), checked: move.answer !== undefined });
  const tool = el('select', { id: id('tool') }, tools.map((one) => el('option', { value: one.name, selected: one.name === move.call?.tool }, one.name)));
  const says = el('p', { class: 'soft small', id: id('says') });
  const values = el('textarea', { id: id('arguments'), rows: 5, class: 'code', spellcheck: 'false', 'aria-describedby': id('says') });
  values.value = argumentLines(move.call?.arguments ?? {});
  const answer = el('input', { id: id('answer'), maxlength: 200, value: move.answer ?? '' });
  const problem = el('p', { class: 'error', role: 'alert' });
  const callPart = el('div', { class: 'part' }, el('label', { for: id('tool') }, 'Tool'), tool, says, el('label', { for: id('arguments') }, 'Arguments, as JSON'), values);
  const answerPart = el('div', { class: 'part' }, el('label', { for: id('answer') }, 'Answer'), answer);
  const update = () => {
    callPart.hidden = !asks.checked;
    answerPart.hidden = asks.checked;
    const chosen = tools.find((one) => one.name === tool.value);
    const known = Object.entries(chosen?.parameters?.properties ?? {}), needed = chosen?.parameters?.required ?? [];
    says.textContent = `${chosen?.description ?? ''} ${known.length ? `Arguments: ${known.map(([name]) => (needed.includes(name) ? name : `${name}?`)).join(', ')}.` : 'No arguments.'}`;
  };
  for (const field of [asks, answers, tool]) field.addEventListener('change', update);
  update();

  const read = () => {
    if (answers.checked) {
      if (!answer.value.trim()) throw new Error('The answer is empty.');
      return { thought: thought.value, answer: answer.value.trim() };
    }
    let parsed;
    try { parsed = JSON.parse(values.value || '{}'); } catch (error) { throw new Error(`The arguments are not JSON: ${error.message}`); }
    if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) throw new Error('The arguments must be a JSON object, such as {"picture": "image_1"}.');
    return { thought: thought.value, call: { tool: tool.value, arguments: parsed } };
  };
  let leaving = null;
  const submit = async (keepLater) => {
    if (leaving) return;
    problem.textContent = '';
    const buttons = [...form.querySelectorAll('button')].filter((button) => button !== cancelButton);
    try {
      const made = read();
      leaving = new AbortController();
      for (const button of buttons) button.disabled = true;
      await done(made, keepLater, leaving.signal);
    } catch (error) {
      problem.textContent = wasStopped(error) ? 'Cancelled.' : error.message;
    } finally {
      leaving = null;
      for (const button of buttons) button.disabled = false;
    }
  };
  const leave = () => (leaving ? leaving.abort() : cancel());
  const cancelButton = el('button', { type: 'button', class: 'quiet', onclick: leave }, 'Cancel');
  const form = el('form', { class: 'card editing', 'aria-label': title, novalidate: true, onsubmit: (event) => { event.preventDefault(); submit(false); },
    onkeydown: (event) => { if (event.key === 'Escape') leave(); } },
    el('h4', {}, title), el('label', { for: id('thought') }, 'Thought'), thought,
    el('div', { class: 'kinds', role: 'radiogroup', 'aria-label': 'What this step does' }, el('label', { class: 'check' }, asks, 'Draw or look'), el('label', { class: 'check' }, answers, 'Answer')),
    callPart, answerPart, problem,
    el('div', { class: 'row' }, el('button', { class: 'primary' }, 'Go on from here'),
      later > 0 ? el('button', { type: 'button', onclick: () => submit(true) }, `Keep the ${plural(later, 'later step')}`) : null,
      cancelButton));
  form.first = thought;
  return form;
}
