// The second panel: pictures from words, seen while they come out of the noise.
import { onSubmit, show, stream, wasStopped } from './api.js';
import { byId, download, el, loadPicture, plural, say } from './dom.js';

const previews = 8;

export function openImagine(service) {
  const value = (id) => byId(id).value;
  const error = byId('imagine-error'), place = byId('imagined');
  byId('style').replaceChildren(el('option', { value: '' }, 'none'), ...service.images.styles.map((style) => el('option', { value: style }, style)));
  const memory = service.memory.there;
  byId('memory').disabled = byId('k').disabled = !memory;
  byId('memory-says').textContent = memory ? `${service.memory.documents.toLocaleString('en')} documents; those that are used are named below the pictures, with their credits.`
    : 'This service has no memory. atelier serve --memory DIR gives it one.';
  byId('diverse').addEventListener('input', () => { byId('diverse-says').textContent = Number(value('diverse')) ? value('diverse') : 'off'; });
  let avoid = [];
  byId('avoid').addEventListener('change', async () => {
    avoid = [];
    error.textContent = '';
    try {
      for (const file of [...byId('avoid').files].slice(0, 8)) avoid.push((await loadPicture(file, 512)).toDataURL('image/png'));
    } catch (failure) {
      show(failure, error);
    }
    byId('avoid-shown').replaceChildren(...avoid.map((file, at) => el('img', { src: file, alt: `Picture ${at + 1} to avoid` })));
  });

  const body = () => {
    const count = Number(value('count'));
    const made = { prompt: value('prompt').trim().replace(/\s+/g, ' '), n: count, steps: Number(value('imagine-steps')), guidance_scale: Number(value('guidance')), stream: true,
      partial_images: Math.min(previews, Math.max(0, Number(value('imagine-steps')) - 1)) };
    if (value('negative').trim()) made.negative_prompt = value('negative').trim();
    if (value('style')) made.style = value('style');
    if (value('seed') !== '') made.seed = Number(value('seed'));
    if (memory && byId('memory').checked) Object.assign(made, { memory: true, k: Number(value('k')) });
    if (Number(value('diverse')) && count > 1) made.diverse = Number(value('diverse'));
    if (avoid.length) made.avoid = avoid;
    return made;
  };
  const wrong = () => {
    if (!value('prompt').trim()) return ['prompt', 'There is no prompt yet.'];
    for (const [id, says] of [['count', 'Pictures: a number from 1 to 8.'], ['seed', 'Seed: a whole number, or nothing.'], ['imagine-steps', 'Steps: a number from 1 to 200.'], ['guidance', 'Guidance: a number from 0 to 30.'], ['k', 'Documents: a number from 1 to 8.']])
      if (!byId(id).disabled && !byId(id).checkValidity()) return [id, says];
    return null;
  };

  onSubmit('imagine', wrong, async (signal) => {
    const request = body();
    const batch = newBatch(request);
    byId('imagine-empty').hidden = true;
    place.prepend(batch.node);
    say(`Drawing ${plural(request.n, 'picture')}.`);
    try {
      await stream('images/generations', request, signal, batch.on);
      batch.end('done');
      say(`${plural(request.n, 'picture')} done.`);
    } catch (failure) {
      batch.end(wasStopped(failure) ? 'cancelled' : 'failed');
      throw failure;
    }
  });
}

function newBatch(request) {
  const frames = Array.from({ length: request.n }, (_, at) => {
    const image = el('img', { alt: `Picture ${at + 1}: ${request.prompt}`, hidden: true });
    const bar = el('progress', { max: request.steps, value: 0, 'aria-label': `Progress of picture ${at + 1}` });
    const below = el('figcaption', { class: 'soft small' }, 'waiting');
    const actions = el('div', { class: 'row tight' });
    return { image, bar, below, actions, node: el('figure', { class: 'frame' }, el('div', { class: 'paper' }, image), bar, below, actions) };
  });
  const status = el('p', { class: 'status soft' }, 'drawing');
  const credits = el('div', { class: 'credits' });
  const node = el('article', { class: 'batch', 'aria-label': `Pictures of: ${request.prompt}` },
    el('h3', {}, request.prompt), status, el('div', { class: 'frames' }, frames.map((frame) => frame.node)), credits);

  const finished = (frame, event) => {
    const file = `data:image/${event.output_format};base64,${event.b64_json}`;
    frame.image.src = file;
    frame.image.hidden = false;
    frame.image.classList.remove('noisy');
    frame.bar.remove();
    frame.below.textContent = `seed ${event.seed}`;
    frame.done = true;
    frame.actions.replaceChildren(
      el('button', { type: 'button', class: 'quiet', 'aria-label': `Save the picture with seed ${event.seed}`, onclick: async () => download(`${event.seed}.png`, 'image/png', await (await fetch(file)).blob()) }, 'Save'),
      el('button', { type: 'button', class: 'quiet', 'aria-label': `To the board: the picture with seed ${event.seed}`, onclick: () => document.dispatchEvent(new CustomEvent('to-board', { detail: file })) }, 'To the board'),
      el('button', { type: 'button', class: 'quiet', 'aria-label': `Ask about the picture with seed ${event.seed}`, onclick: () => document.dispatchEvent(new CustomEvent('to-ask', { detail: file })) }, 'Ask'));
    if (event.documents?.length && !credits.children.length)
      credits.append(el('h4', {}, 'Drawn with these documents'), el('ul', {}, event.documents.map((one) => el('li', {}, one.caption,
        el('span', { class: 'soft small' }, ` · ${one.source || one.id} · ${one.licence || 'no licence given'} · similarity ${one.similarity.toFixed(2)}`)))));
  };
  return {
    node,
    on(event) {
      const frame = frames[event.index];
      if (event.type.endsWith('.progress')) {
        frame.bar.value = event.step;
        frame.below.textContent = `step ${event.step} of ${event.steps}`;
      } else if (event.type.endsWith('.partial_image')) {
        frame.image.src = `data:image/${event.output_format};base64,${event.b64_json}`;
        frame.image.hidden = false;
        frame.image.classList.add('noisy');
      } else if (event.type.endsWith('.completed')) {
        finished(frame, event);
      }
    },
    end(how) {
      const done = frames.filter((frame) => frame.done).length;
      status.textContent = how === 'done' ? `${request.steps} steps · guidance ${request.guidance_scale}${request.style ? ` · ${request.style}` : ''}` : `${how}, ${plural(done, 'picture')} done`;
      for (const frame of frames) if (!frame.done) { frame.bar.remove(); frame.below.textContent = how; }
    },
  };
}
