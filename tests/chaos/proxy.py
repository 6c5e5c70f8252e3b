"""A proxy between a node and its brokers that does to the connections what a bad network does.

It takes the protocol apart as far as needed: requests and answers have a length in front, a request says
which kind it is, an answer to which request it belongs. It counts what it did: a fault that met nothing
was none.

  delay          each request and answer comes later, in order
  stall          nothing goes either way; nothing is lost
  cut_all        every connection ends with a reset
  lose           answers to some kinds of requests are swallowed, and their connection is reset: what was
                 asked for has happened, and nobody is told
  be_late        such a request is held while its connection is reset already, and reaches the broker
                 after the one who asked has asked again
"""

import asyncio
import random
import socket
import struct
import threading
import time
from collections import Counter

PRODUCE, INIT_PRODUCER_ID, END_TRANSACTION = 0, 22, 26
NAMES = {PRODUCE: "produce", INIT_PRODUCER_ID: "init", END_TRANSACTION: "end-transaction"}
FRAME_BYTES_MAX = 64 << 20
WAITING_FRAMES_MAX = 64
TICK_S = 0.02


class Proxy:
    """`routes`: {(address, port) that it listens on: (address, port) of the broker}."""

    def __init__(self, routes, seed):
        self.routes = routes
        self.random = random.Random(seed)
        self.counts = Counter()  # what it did; only ever grows
        self.links = set()
        self.delay_ms = None  # (least, most)
        self.stalled = False
        self.losing = self.late = frozenset()  # kinds of requests
        self.silence_s = (0.0, 0.0)  # between a swallowed answer and the reset
        self.late_s = (0.0, 0.0)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.servers = self.call(self.listen())

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    async def listen(self):
        return [await asyncio.start_server(
            lambda reader, writer, to=to: Link(self, to).run(reader, writer), *at, limit=1 << 20)
            for at, to in self.routes.items()]

    def heal(self):
        self.delay_ms, self.stalled = None, False
        self.losing = self.late = frozenset()

    def cut_all(self):
        async def cut():
            for link in list(self.links):
                self.counts["cut"] += 1
                link.reset()
        self.call(cut())

    def close(self):
        self.heal()
        self.cut_all()
        async def end():
            for server in self.servers:
                server.close()
        self.call(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def due(self):
        """When what has just come may go on."""
        if self.delay_ms is None:
            return 0.0
        self.counts["delayed"] += 1
        return time.monotonic() + self.random.uniform(*self.delay_ms) / 1000

    async def passage(self, due):
        while (left := due - time.monotonic()) > 0:
            await asyncio.sleep(left)
        if self.stalled:
            self.counts["held"] += 1
        while self.stalled:
            await asyncio.sleep(TICK_S)


async def read_frame(reader):
    size = await reader.readexactly(4)
    length = struct.unpack(">i", size)[0]
    if not 4 <= length <= FRAME_BYTES_MAX:
        raise ConnectionError(f"a frame of {length} bytes")
    return size + await reader.readexactly(length)


class Link:
    """One connection of a node, and the one to the broker that belongs to it."""

    def __init__(self, proxy, to):
        self.proxy, self.to = proxy, to
        self.node = self.broker = None
        self.doomed = {}  # number of a request whose answer is swallowed: its kind
        self.is_late = False

    async def run(self, reader, writer):
        self.node = writer
        self.proxy.links.add(self)
        tasks = []
        try:
            broker, self.broker = await asyncio.open_connection(*self.to, limit=1 << 20)
            for end in (self.node, self.broker):
                end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            tasks = [asyncio.ensure_future(each) for each in (
                *self.pump(reader, self.request), *self.pump(broker, self.answer))]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        except OSError:
            pass  # no broker there
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.reset()
            self.proxy.links.discard(self)

    def pump(self, reader, handle):
        """Reading goes on while what was read waits for its time."""
        queue = asyncio.Queue(WAITING_FRAMES_MAX)

        async def read():
            while True:
                frame = await read_frame(reader)
                await queue.put((self.proxy.due(), frame))

        async def pass_on():
            while True:
                due, frame = await queue.get()
                await self.proxy.passage(due)
                await handle(frame)
        return read(), pass_on()

    async def request(self, frame):
        kind, _, number = struct.unpack(">hhi", frame[4:12])
        self.proxy.counts["requests"] += 1
        # Every other one: what was asked again has to be quicker than what is late.
        if kind in self.proxy.late and self.proxy.random.random() < 0.5:
            await self.deliver_late(frame, kind)
        if kind in self.proxy.losing:
            self.doomed[number] = kind
        self.broker.write(frame)
        await self.broker.drain()

    async def answer(self, frame):
        kind = self.doomed.pop(struct.unpack(">i", frame[4:8])[0], None)
        if kind is not None:
            self.proxy.counts[f"lost-{NAMES[kind]}"] += 1
            await asyncio.sleep(self.proxy.random.uniform(*self.proxy.silence_s))
            raise ConnectionResetError("swallowed")
        self.node.write(frame)
        await self.node.drain()

    async def deliver_late(self, frame, kind):
        """On a connection of its own, as what was still on its way when the node's was reset."""
        broker, self.broker = self.broker, None
        asyncio.ensure_future(self.late_one(broker, frame, kind))
        raise ConnectionResetError("late")

    async def late_one(self, broker, frame, kind):
        await asyncio.sleep(self.proxy.random.uniform(*self.proxy.late_s))
        try:
            broker.write(frame)
            await broker.drain()
            self.proxy.counts[f"late-{NAMES[kind]}"] += 1
            await asyncio.sleep(2)
        except OSError:
            pass
        finally:
            broker.transport.abort()

    def reset(self):
        for end in (self.node, self.broker):
            if end is None or end.transport.get_extra_info("socket") is None:
                continue
            try:
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                                        struct.pack("ii", 1, 0))
            except OSError:
                pass  # it is closed already
            end.transport.abort()
