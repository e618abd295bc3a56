"""OpenAI's Python client against `atelier serve`: every endpoint it has a method for, and an error of each kind."""
import base64
import os
import struct
import sys
import zlib

import openai

URL = os.environ.get("ATELIER_URL", "http://127.0.0.1:8080/v1")
KEY = os.environ.get("ATELIER_KEY", "no-key-is-asked-for")
client = openai.OpenAI(base_url=URL, api_key=KEY, max_retries=0)
failures = 0


def check(name, holds, seen=""):
    global failures
    failures += not holds
    print("ok  " if holds else "BAD ", name, seen if not holds else "")


def raises(name, kind, call, code=None):
    try:
        call()
    except kind as error:
        check(name, code is None or error.code == code, f"code {error.code}")
    except Exception as error:  # another kind than expected
        check(name, False, repr(error))
    else:
        check(name, False, "nothing was raised")


def png(side, colour):
    """A square of one colour, or of transparency for a colour of four numbers."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    row = b"\0" + bytes(colour) * side
    head = struct.pack(">IIBBBBB", side, side, 8, 6 if len(colour) == 4 else 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(row * side)) + chunk(b"IEND", b"")


def is_png(b64):
    return base64.b64decode(b64).startswith(b"\x89PNG")


red = png(64, (220, 30, 30))
red_uri = "data:image/png;base64," + base64.b64encode(red).decode()
question = [{"role": "user", "content": "what is an apple?"}]

models = [model.id for model in client.models.list()]
check("models", "atelier" in models and "atelier-draw" in models, models)
check("one model", client.models.retrieve("atelier").id == "atelier")

answer = client.chat.completions.create(model="atelier", messages=question, max_tokens=24, temperature=0, seed=1)
check("chat", bool(answer.choices[0].message.content) and answer.usage.completion_tokens > 0, answer)
again = client.chat.completions.create(model="atelier", messages=question, max_tokens=24, temperature=0, seed=1)
check("the same seed says the same", again.choices[0].message.content == answer.choices[0].message.content)

text, usage = "", None
for piece in client.chat.completions.create(model="atelier", messages=question, max_tokens=24, temperature=0, seed=1, stream=True,
                                            stream_options={"include_usage": True}):
    usage = piece.usage or usage
    if piece.choices:
        text += piece.choices[0].delta.content or ""
check("a stream says the same", text == answer.choices[0].message.content, text)
check("a stream's usage", usage is not None and usage.completion_tokens == answer.usage.completion_tokens)

several = client.chat.completions.create(model="atelier", messages=question, max_tokens=8, n=2, seed=1, logprobs=True, top_logprobs=2)
check("n and logprobs", len(several.choices) == 2 and len(several.choices[0].logprobs.content[0].top_logprobs) == 2)

for model in ("atelier", "atelier-promptcap"):
    seen = client.chat.completions.create(model=model, messages=[{"role": "user", "content": [
        {"type": "text", "text": "what colour is it?"}, {"type": "image_url", "image_url": {"url": red_uri}}]}])
    check(f"a question about a picture, {model}", bool(seen.choices[0].message.content), seen)

drawn = client.images.generate(model="atelier-draw", prompt="a red apple", n=2, size="128x128", response_format="b64_json",
                               extra_body={"seed": 7, "steps": 4, "guidance_scale": 4})
check("images", len(drawn.data) == 2 and all(is_png(one.b64_json) for one in drawn.data))
check("seeds come back", [one.model_extra["seed"] for one in drawn.data] == [7, 8])

kinds = []
for event in client.images.generate(model="atelier-draw", prompt="a red apple", stream=True, partial_images=1, extra_body={"seed": 7, "steps": 4}):
    kinds.append(event.type)
check("images in a stream", kinds.count("image_generation.partial_image") == 1 and kinds[-1] == "image_generation.completed", kinds)

edited = client.images.edit(model="atelier-draw", image=("red.png", red), mask=("mask.png", png(64, (0, 0, 0, 0))), prompt="a blue square",
                            extra_body={"seed": 3, "steps": 4, "strength": 0.6})
check("an edit", is_png(edited.data[0].b64_json))

capabilities = client.get("/capabilities", cast_to=object)
if capabilities["embeddings"]["dimension"] > 0:
    vectors = client.embeddings.create(model="atelier-clip", input=["a red apple", "a dog"])
    check("embeddings", len(vectors.data) == 2 and len(vectors.data[0].embedding) == capabilities["embeddings"]["dimension"])
    length = sum(x * x for x in vectors.data[0].embedding)
    check("of length 1", abs(length - 1) < 1e-3, length)
else:
    raises("no embeddings here", openai.InternalServerError, lambda: client.embeddings.create(model="", input="x"), "not_supported")

raises("400", openai.BadRequestError, lambda: client.images.generate(prompt="x", extra_body={"steps": 0}))
raises("400, a field that is none", openai.BadRequestError, lambda: client.images.generate(prompt="x", extra_body={"stepz": 1}), "unknown_field")
raises("400, no picture", openai.BadRequestError, lambda: client.images.edit(image=("a.png", b"GIF89a"), prompt="x"))
raises("404, a model", openai.NotFoundError, lambda: client.chat.completions.create(model="gpt-9", messages=question), "model_not_found")
raises("404, a path", openai.NotFoundError, lambda: client.files.list())
if os.environ.get("ATELIER_KEY"):
    stranger = openai.OpenAI(base_url=URL, api_key="not-the-right-key", max_retries=0)
    raises("401", openai.AuthenticationError, lambda: stranger.models.list(), "invalid_api_key")

sys.exit(failures > 0)
