"""Load on a running `atelier serve`, with nothing but Python's own library.

    python bench/serve_load.py --port 8080 --pid PID                      throughput, p50, p99 and memory at 1, 4, 16, 64 clients
    python bench/serve_load.py --port 8080 --slow 64 --idle 2000          a good request beside slow and idle connections
    python bench/serve_load.py --port 8080 --pid PID --faults 600         mixed load with clients that leave and bodies that are broken
"""
import argparse
import asyncio
import json
import random
import time

CHAT = {"messages": [{"role": "user", "content": "what is an apple?"}], "max_tokens": 16, "temperature": 0, "seed": 1}
DRAW = {"prompt": "a red apple", "steps": 4, "seed": 7}
GOOD = [("/v1/chat/completions", CHAT), ("/v1/images/generations", DRAW)]
WITH_MEMORY = [("/v1/memory/search", {"text": "a red apple", "k": 3}), ("/v1/images/generations", {**DRAW, "memory": True, "k": 2})]


def request_bytes(path, body=None):
    text = json.dumps(body).encode() if body is not None else b""
    head = f"{'POST' if body is not None else 'GET'} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    return head.encode() + text


async def exchange(reader, writer, data):
    """One request on an open connection. @return status, body"""
    writer.write(data)
    await writer.drain()
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if ": " in line)
    if fields.get("Transfer-Encoding") == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
        return status, body
    return status, await reader.readexactly(int(fields.get("Content-Length", 0)))


def resident(pid):
    """Megabytes of a process, or nothing."""
    if not pid:
        return None
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) // 1024 for line in file if line.startswith("VmRSS"))


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


async def throughput(options, clients, body, path):
    times, refused, begin = [], 0, time.monotonic()
    end = begin + options.seconds

    async def client():
        nonlocal refused
        reader, writer = await asyncio.open_connection("127.0.0.1", options.port)
        while time.monotonic() < end:
            start = time.monotonic()
            status, _ = await exchange(reader, writer, request_bytes(path, body))
            if status == 200:
                times.append(time.monotonic() - start)
            else:  # the queue is full: come back later, on a new connection, as it asked
                refused += 1
                writer.close()
                await asyncio.sleep(0.2)
                reader, writer = await asyncio.open_connection("127.0.0.1", options.port)
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    seconds = time.monotonic() - begin  # what was in the queue at the end is answered, too, and takes its time
    print(f"{path:24} {clients:3} clients: {len(times) / seconds:7.2f}/s  p50 {percentile(times, .5):6.3f} s  p99 {percentile(times, .99):6.3f} s"
          f"  {refused} refused  {resident(options.pid)} MB", flush=True)


async def beside_bad_neighbours(options):
    async def slow():
        _, writer = await asyncio.open_connection("127.0.0.1", options.port)
        for byte in request_bytes("/v1/chat/completions", CHAT) * 1000:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.5)

    slow_ones = [asyncio.create_task(slow()) for _ in range(options.slow)]
    idle, refused = [], 0
    for _ in range(options.idle):
        try:
            idle.append(await asyncio.open_connection("127.0.0.1", options.port))
        except OSError:
            refused += 1
    times = []
    for _ in range(20):
        start = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", options.port)
        status, _ = await exchange(reader, writer, request_bytes("/v1/chat/completions", CHAT))
        assert status == 200, status
        times.append(time.monotonic() - start)
        writer.close()
    print(f"beside {options.slow} slow and {len(idle)} idle connections: 20 of 20 answered, p50 {percentile(times, .5):.3f} s, worst {max(times):.3f} s, "
          f"{resident(options.pid)} MB")
    for task in slow_ones:
        task.cancel()


async def with_faults(options):
    counts, wrong, end = {}, [], time.monotonic() + options.faults
    good = GOOD + (WITH_MEMORY if options.memory else [])
    reader, writer = await asyncio.open_connection("127.0.0.1", options.port)
    right = {}  # what the first answer to each good request was
    for path, body in good:
        data = request_bytes(path, body)
        reply = json.loads((await exchange(reader, writer, data))[1])
        right[data] = reply["choices"] if "choices" in reply else reply["data"]

    async def client(number):
        draw = random.Random(number)
        while time.monotonic() < end:
            reader, writer = await asyncio.open_connection("127.0.0.1", options.port)
            kind = draw.choice(["good", "good", "leave", "leave in a stream", "broken", "cut", "binary", "health"])
            counts[kind] = counts.get(kind, 0) + 1
            path, body = draw.choice(good)
            data = request_bytes(path, body)
            try:
                if kind == "good":
                    status, answer = await exchange(reader, writer, data)
                    reply = json.loads(answer)
                    if status == 200 and reply.get("choices", reply.get("data")) != right[data]:
                        wrong.append(path)
                    if status not in (200, 503):
                        wrong.append(f"{path}: {status}")
                elif kind == "leave":
                    writer.write(data)
                    await asyncio.sleep(draw.random() * 0.3)
                elif kind == "leave in a stream":
                    writer.write(request_bytes(path, {**body, "stream": True}))
                    await asyncio.wait_for(reader.read(200), 5)
                elif kind == "broken":
                    status, _ = await exchange(reader, writer, request_bytes(path, {**body, "n": draw.choice([0, -1, "x", [], None])}))
                    if status not in (200, 400, 503):
                        wrong.append(f"a broken body: {status}")
                elif kind == "cut":
                    writer.write(data[:draw.randrange(len(data))])
                    await asyncio.sleep(0.05)
                elif kind == "binary":
                    writer.write(draw.randbytes(draw.randrange(1, 5000)))
                    await asyncio.wait_for(reader.read(), 15)
                else:
                    status, _ = await exchange(reader, writer, request_bytes("/health"))
                    if status != 200:
                        wrong.append(f"/health: {status}")
            except (ConnectionError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
                if kind in ("good", "health"):
                    wrong.append(f"{kind}: {error!r}")
            writer.close()

    begin = resident(options.pid)
    clients = [asyncio.create_task(client(i)) for i in range(16)]
    while time.monotonic() < end:
        await asyncio.sleep(min(10, max(0.1, end - time.monotonic())))
        print(f"{int(end - time.monotonic()):4} s left, {sum(counts.values())} exchanges, {resident(options.pid)} MB", flush=True)
    await asyncio.gather(*clients)
    print(f"{counts}; memory {begin} -> {resident(options.pid)} MB; wrong: {wrong[:10] or 'none'}")


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--pid", type=int, help="the service's process, for its memory")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--clients", default="1,4,16,64")
    parser.add_argument("--slow", type=int, default=0)
    parser.add_argument("--idle", type=int, default=0)
    parser.add_argument("--faults", type=int, default=0, help="seconds")
    parser.add_argument("--memory", action="store_true", help="with faults: the service has a memory; search it and draw after its documents, too")
    options = parser.parse_args()
    if options.faults:
        return await with_faults(options)
    if options.slow or options.idle:
        return await beside_bad_neighbours(options)
    for path, body in (("/health", None), ("/v1/chat/completions", CHAT), ("/v1/images/generations", DRAW)):
        for clients in map(int, options.clients.split(",")):
            await throughput(options, clients, body, path)


asyncio.run(main())
