"""Feed: wagers of a file into a node that dies again and again.

Several feeders take chunks of rows in the order of the file and send each until it is answered, as
`laurel ingest --retry` does. What was answered is never sent again: if the node loses it, it is
missing at the end. What was not answered is sent again: if the node does not recognise it, it counts
twice at the end.
"""

import http.client
import json
import random
import threading
import time

PAUSE_S = 0.005


class Feed:
    def __init__(self, node, lines, mapping, seed, feeders=4):
        """`lines`: of a CSV file, the first is its header."""
        self.node, self.mapping = node, mapping
        self.header, self.lines = lines[0], lines[1:]
        self.chunk_rows_max = max(1, len(self.lines) // 200)
        self.random = random.Random(seed)
        self.changed = threading.Condition()
        self.taken = 0
        self.allowed = 0  # rows that may be taken by now
        self.acknowledged = self.accepted = self.duplicates = 0
        self.requests = self.retries = 0
        self.cut = []  # when the requests had been sent that got no answer
        self.first_answer = None  # since forget_first_answer()
        self.violations = []
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(feeders)]
        for thread in self.threads:
            thread.start()

    def allow(self, rows):
        """Rows up to this number of the file may be sent."""
        with self.changed:
            self.allowed = max(self.allowed, min(rows, len(self.lines)))
            self.changed.notify_all()

    def wait_acknowledged(self, rows, within_s):
        """False when it takes longer."""
        with self.changed:
            return self.changed.wait_for(
                lambda: self.acknowledged >= min(rows, len(self.lines)), within_s)

    def forget_first_answer(self):
        with self.changed:
            self.first_answer = None

    def cut_at(self, when, within_s=0.5):
        """How many requests were under way at `when`, when the node died."""
        with self.changed:
            self.changed.wait_for(lambda: any(sent <= when for sent in self.cut), within_s)
            count = sum(1 for sent in self.cut if sent <= when)
            self.cut.clear()
            return count

    def join(self, within_s):
        """True when all rows were answered in time."""
        deadline = time.monotonic() + within_s
        for thread in self.threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return self.acknowledged == len(self.lines)

    def _take(self):
        """The next chunk: number of its first row, and how many. None at the end."""
        with self.changed:
            while self.taken >= self.allowed:
                if self.taken >= len(self.lines):
                    return None
                self.changed.wait()
            first = self.taken
            count = min(self.random.randint(1, self.chunk_rows_max), len(self.lines) - first)
            self.taken += count
            return first, count

    def _run(self):
        feeder = _Feeder(self)
        while (chunk := self._take()) is not None:
            first, count = chunk
            body = "\n".join(self.lines[first:first + count]).encode()
            counts, attempts = feeder.send(body, first + 2)
            self._book(counts, attempts, first, count)
        feeder.client.close()

    def _book(self, counts, attempts, first, count):
        with self.changed:
            accepted, duplicate = counts["accepted"], counts["duplicate"]
            self.accepted += accepted
            self.duplicates += duplicate
            self.acknowledged += count
            if self.first_answer is None:
                self.first_answer = time.monotonic()
            rows = f"rows {first + 2} to {first + count + 1}"
            if accepted + duplicate != count or counts["conflict"] or counts["rejected"]:
                self.violations.append(f"{rows}: answered {counts}")
            if attempts == 1 and duplicate:
                self.violations.append(f"{rows}: sent once, and {duplicate} were there already")
            self.changed.notify_all()


class _Feeder:
    """One connection, made again as often as it takes."""

    def __init__(self, feed):
        self.feed = feed
        self.client = feed.node.client()
        self.session = None

    def send(self, body, line):
        """The node's counts, and how often the rows may have reached a node."""
        attempts = 0
        while True:
            if not self._connected() or (self.session is None and not self._open_session()):
                time.sleep(PAUSE_S)
                continue
            sent = time.monotonic()
            reply = self._exchange(f"/v1/ingest/sessions/{self.session}/records?line={line}", body,
                                   "text/csv")
            attempts += 1
            with self.feed.changed:
                self.feed.requests += 1
                if reply is None:
                    self.feed.retries += 1
                    self.feed.cut.append(sent)
                    self.feed.changed.notify_all()
            if reply is None:
                continue
            if reply.status == 200:
                return reply.json(), attempts
            if reply.status == 404:  # a new process knows no session: nothing was applied
                self.session = None
                attempts -= 1
            elif reply.status == 503:
                time.sleep(PAUSE_S)
            else:
                with self.feed.changed:
                    self.feed.violations.append(f"line {line}: {reply.status} {reply.body[:300]}")
                return {"accepted": 0, "duplicate": 0, "conflict": 0, "rejected": 0}, attempts

    def _connected(self):
        if self.client.connection.sock is not None:
            return True
        try:
            self.client.connection.connect()
            return True
        except OSError:
            return False

    def _open_session(self):
        description = {"format": "csv", "header": self.feed.header, "source": "chaos",
                       "mapping": self.feed.mapping}
        reply = self._exchange("/v1/ingest/sessions", json.dumps(description).encode(),
                               "application/json")
        if reply is None or reply.status != 201:
            return False
        self.session = reply.json()["session"]
        return True

    def _exchange(self, path, body, content_type):
        """None when the connection broke: the node may have done it, or not."""
        try:
            return self.client.post(path, body, content_type)
        except (OSError, http.client.HTTPException):
            return None
