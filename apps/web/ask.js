// The third panel: a question about a picture.
import { onSubmit, post } from './api.js';
import { Board } from './board.js';
import { byId, el, say, seconds } from './dom.js';

export function openAsk(models) {
  const board = new Board(byId('ask-board'), { label: 'Picture to ask about' });
  const question = byId('ask-question'), place = byId('answers');
  const answering = models.filter((model) => model.architecture.output_modalities.includes('text') && model.architecture.input_modalities.includes('image'));
  byId('ask-models').replaceChildren(...answering.map((model, at) => el('label', { class: 'check' },
    el('input', { type: 'radio', name: 'ask-model', value: model.id, checked: at === 0 }), el('span', {}, el('strong', {}, model.id), el('span', { class: 'soft small' }, ` ${model.description}`)))));

  const wrong = () => (question.value.trim() ? null : ['ask-question', 'There is no question yet.']);
  onSubmit('ask', wrong, async (signal) => {
    const model = document.querySelector('input[name=ask-model]:checked')?.value, asked = question.value.trim();
    const picture = board.empty ? null : board.png();
    const content = [{ type: 'text', text: asked }];
    if (picture) content.push({ type: 'image_url', image_url: { url: picture } });
    const said = el('p', { class: 'said' }, '…'), status = el('p', { class: 'status soft' }, `${model} looks`);
    const card = el('article', { class: 'card exchange', 'aria-label': asked }, picture ? el('img', { src: picture, alt: 'The picture that was asked about' }) : null,
      el('div', {}, el('h3', {}, asked), said, status));
    byId('ask-empty').hidden = true;
    place.prepend(card);
    const began = performance.now();
    try {
      const answer = await post('chat/completions', { model, messages: [{ role: 'user', content }], max_tokens: 64, temperature: 0 }, signal);
      said.textContent = answer.choices[0].message.content.trim() || '(nothing)';
      status.textContent = `${model} · ${seconds((performance.now() - began) / 1000)}`;
      say(said.textContent);
    } catch (failure) {
      card.remove();
      byId('ask-empty').hidden = place.querySelector('.exchange') !== null;
      throw failure;
    }
  });

  document.addEventListener('to-ask', (event) => {
    board.put(event.detail);
    document.dispatchEvent(new CustomEvent('open-tab', { detail: 'ask' }));
    question.focus();
  });
}
