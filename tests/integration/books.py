"""A test with one node whose books are kept: what was sent, and what became of it."""

import itertools
from collections import Counter

from harness import ONE, NodeTest, eventually

STATUSES = ("accepted", "duplicate", "conflict", "rejected")
# As `laurel status` calls them.
STATUS_MEMBERS = {"accepted": "accepted", "duplicate": "duplicates", "conflict": "conflicts",
                  "rejected": "rejected"}

# Of NDJSON, and how its objects become wagers.
JSON_MAPPING = """
type = "laurel.wager.settled.v1"
id = { column = "id" }
source = { constant = "urn:test:files" }
subject = { column = "player" }
time = { column = "at" }
[data]
tx_id = { column = "id" }
stake_total = { column = "bet.amount", asset = "BIT", scale = 2 }
"""


class BooksTest(NodeTest):
    """After every test: the node is up, everything sent has one status, every event that was refused
    has one dead letter with its reason, every balance is the sum of its ledger."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sent = Counter()
        cls.refused = Counter()  # by reason
        cls.tx_ids = itertools.count(1)
        cls.client = cls.node.client()
        cls.addClassCleanup(cls.client.close)

    def book(self, results):
        results = list(results)
        for result in results:
            self.sent[result["status"]] += 1
            if result["status"] in ("rejected", "conflict"):
                self.assertTrue(result["detail"])
                self.refused[result["reason"]] += 1
        return results

    def post(self, events):
        """Sends a batch; the result of each event."""
        reply = self.client.post_events(events)
        self.assertEqual(reply.status, 202, reply.body)
        body = reply.json()
        self.assertEqual([each["index"] for each in body["results"]], list(range(len(events))))
        for status in STATUSES:
            self.assertEqual(body[status],
                             sum(1 for each in body["results"] if each["status"] == status))
        return self.book(body["results"])

    def post_one(self, event):
        """Sends the bytes of one event by themselves; its result."""
        reply = self.client.post("/v1/events", event, ONE)
        self.assertEqual(reply.status, 202, reply.body)
        return self.book(reply.json()["results"])[0]

    def ingest(self, file, *more, reasons=(), code=None, **options):
        """Feeds a file; `reasons`: of each event that must be refused; None: any.
        The verb's end, and its counts."""
        before = len(self.letters())
        done = self.node.ingest(file, *more, **options)
        counts = Counter({name: int(count) for name, count in done.json().items()}
                         if done.out else {})
        new = Counter(each["reason"] for each in self.letters()[before:])
        self.sent.update(counts)
        self.refused.update(new)
        self.assertEqual(new.total(), counts["rejected"] + counts["conflict"])
        if reasons is not None:
            self.assertEqual(new, Counter(reasons), done.err)
        self.assertCode(done, (4 if new else 0) if code is None else code)
        return done, counts

    def letters(self):
        """All dead letters, in the order in which they came, as far as one can tell."""
        records = sorted(self.client.topic("dead-letters"),
                         key=lambda each: each["data"]["recorded_time"])
        return [record["data"] for record in records]

    def tearDown(self):
        self.assertTrue(self.node.running(), self.node.log())
        def counted():
            status = self.client.get_json("/v1/status")
            self.assertEqual(status["state"], "running")
            return {name: int(status[STATUS_MEMBERS[name]]) for name in STATUSES}
        sent = {name: self.sent[name] for name in STATUSES}
        self.assertEqual(eventually(counted, sent), sent)
        letters = self.letters()
        self.assertEqual(Counter(each["reason"] for each in letters), self.refused)
        for letter in letters:
            self.assertTrue(letter["detail"], letter)
            self.assertTrue(letter["place"], letter)
        verified = self.assertCode(self.node.verb("verify", "--json"), 0)
        self.assertEqual(verified.json()["violations"], [])
        taken = sum(int(each["state"].get(kind, 0)) for kind in ("wagers", "test_wagers", "voids")
                    for each in self.client.pages("/v1/actors/player", "actors"))
        self.assertEqual(taken, self.sent["accepted"])
