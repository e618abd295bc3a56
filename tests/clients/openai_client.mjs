// OpenAI's JavaScript client against `atelier serve`: every endpoint it has a method for, and an error of each kind.
import { deflateSync, crc32 } from 'node:zlib';
import OpenAI, { toFile } from 'openai';

const baseURL = process.env.ATELIER_URL ?? 'http://127.0.0.1:8080/v1';
const apiKey = process.env.ATELIER_KEY ?? 'no-key-is-asked-for';
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
let failures = 0;

function check(name, holds, seen = '') {
  failures += holds ? 0 : 1;
  console.log(holds ? 'ok  ' : 'BAD ', name, holds ? '' : seen);
}

async function raises(name, kind, call, code) {
  try {
    await call();
    check(name, false, 'nothing was raised');
  } catch (error) {
    check(name, error instanceof kind && (code === undefined || error.code === code), error);
  }
}

/** A square of one colour, or of transparency for a colour of four numbers. */
function png(side, colour) {
  const chunk = (kind, data) => {
    const body = Buffer.concat([Buffer.from(kind), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc32(body), body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head[8] = 8;
  head[9] = colour.length === 4 ? 6 : 2;
  const row = Buffer.concat([Buffer.from([0]), ...Array(side).fill(Buffer.from(colour))]);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.concat(Array(side).fill(row)))), chunk('IEND', Buffer.alloc(0)),
  ]);
}
const isPng = (b64) => Buffer.from(b64, 'base64').subarray(1, 4).toString() === 'PNG';

const red = png(64, [220, 30, 30]);
const redUri = `data:image/png;base64,${red.toString('base64')}`;
const messages = [{ role: 'user', content: 'what is an apple?' }];
const said = { model: 'atelier', messages, max_tokens: 24, temperature: 0, seed: 1 };

const models = [];
for await (const model of client.models.list()) models.push(model.id);
check('models', models.includes('atelier') && models.includes('atelier-draw'), models);

const answer = await client.chat.completions.create(said);
check('chat', answer.choices[0].message.content.length > 0 && answer.usage.completion_tokens > 0, answer);

let text = '';
let usage = null;
for await (const piece of await client.chat.completions.create({ ...said, stream: true, stream_options: { include_usage: true } })) {
  usage = piece.usage ?? usage;
  text += piece.choices[0]?.delta?.content ?? '';
}
check('a stream says the same', text === answer.choices[0].message.content, text);
check("a stream's usage", usage?.completion_tokens === answer.usage.completion_tokens, usage);

for (const model of ['atelier', 'atelier-promptcap']) {
  const content = [{ type: 'text', text: 'what colour is it?' }, { type: 'image_url', image_url: { url: redUri } }];
  const seen = await client.chat.completions.create({ model, messages: [{ role: 'user', content }] });
  check(`a question about a picture, ${model}`, seen.choices[0].message.content.length > 0, seen);
}

const drawn = await client.images.generate({ model: 'atelier-draw', prompt: 'a red apple', n: 2, size: '128x128', response_format: 'b64_json', seed: 7, steps: 4 });
check('images', drawn.data.length === 2 && drawn.data.every((one) => isPng(one.b64_json)));
check('seeds come back', drawn.data[0].seed === 7 && drawn.data[1].seed === 8, drawn.data.map((one) => one.seed));

const kinds = [];
for await (const event of await client.images.generate({ model: 'atelier-draw', prompt: 'a red apple', stream: true, partial_images: 1, seed: 7, steps: 4 })) kinds.push(event.type);
check('images in a stream', kinds.filter((kind) => kind === 'image_generation.partial_image').length === 1 && kinds.at(-1) === 'image_generation.completed', kinds);

const edited = await client.images.edit({
  model: 'atelier-draw', image: await toFile(red, 'red.png', { type: 'image/png' }), mask: await toFile(png(64, [0, 0, 0, 0]), 'mask.png', { type: 'image/png' }),
  prompt: 'a blue square', seed: 3, steps: 4, strength: 0.6,
});
check('an edit', isPng(edited.data[0].b64_json));

const capabilities = await client.get('/capabilities');
if (capabilities.embeddings.dimension > 0) {
  const vectors = await client.embeddings.create({ model: 'atelier-clip', input: ['a red apple', 'a dog'] });
  check('embeddings', vectors.data.length === 2 && vectors.data[0].embedding.length === capabilities.embeddings.dimension);
} else {
  await raises('no embeddings here', OpenAI.InternalServerError, () => client.embeddings.create({ model: '', input: 'x' }), 'not_supported');
}

await raises('400', OpenAI.BadRequestError, () => client.images.generate({ prompt: 'x', steps: 0 }));
await raises('400, a field that is none', OpenAI.BadRequestError, () => client.images.generate({ prompt: 'x', stepz: 1 }), 'unknown_field');
await raises('404, a model', OpenAI.NotFoundError, () => client.chat.completions.create({ ...said, model: 'gpt-9' }), 'model_not_found');
await raises('404, a path', OpenAI.NotFoundError, () => client.files.list());
if (process.env.ATELIER_KEY) {
  const stranger = new OpenAI({ baseURL, apiKey: 'not-the-right-key', maxRetries: 0 });
  await raises('401', OpenAI.AuthenticationError, () => stranger.get('/models'), 'invalid_api_key');
}
process.exit(failures > 0 ? 1 : 0);
