"""Faults of the link between node and brokers: through a proxy (proxy.py), and by a cut of the only
network there is (namespace.py)."""

import time

import harness
import proxy

# A transaction of the node is given up after 10 s: some faults take longer than that.
SHORT_S, LONG_S = (1, 5), (11, 15)
END, WRITE = proxy.END_TRANSACTION, proxy.PRODUCE
FAILED = "laurel_kafka_transactions_failed_total"
MEETS_WITHIN_S = 20
DEATHS = 1 / 4  # of the faults in which the node dies before the link is whole again


class LinkFaults:
    KINDS = ("proxy-delay", "proxy-cut", "proxy-stall", "lost-answers", "late-requests")
    NETWORK_KINDS = ("network-cut",)  # where there are namespaces

    def bad_link(self, step, seconds, effects):
        """Wagers come while it lasts; then all goes on in the same process, or in the next one. `effects`
        are counters of the proxy, of which one has to have risen."""
        before = sum(self.proxy.counts[each] for each in effects)

        def met():
            return sum(self.proxy.counts[each] for each in effects) > before

        failed = self.metric(FAILED)
        self.trickle(self.rng.uniform(*seconds))
        self.proxy.stalled = False  # what was held is counted when it is let go
        until = time.monotonic() + MEETS_WITHIN_S * harness.SCALE  # a busy machine commits seldom
        while not met() and self.node.running() and time.monotonic() < until:
            self.trickle(0.2)
        died = self.rng.random() < DEATHS
        if died:
            self.ways["transactions-failed"] += int(self.metric(FAILED) - failed)
            self.node.kill()
        if not met():
            raise self.Invalid(f"nothing came of it: {effects}")
        self.proxy.heal()
        if died:
            self.ways["node-killed-on-a-bad-link"] += 1
            self.node.start()
        self.goes_on(step)
        if not died:
            self.ways["transactions-failed"] += int(self.metric(FAILED) - failed)

    def some_requests(self):
        """The end of a transaction most often: then it has happened."""
        return self.rng.choice([{END}, {END}, {WRITE}, {WRITE, END}])

    def some_time(self):
        return self.rng.choice([SHORT_S, LONG_S])

    def proxy_delay(self, step):
        self.proxy.delay_ms = self.rng.choice([(50, 200), (50, 2000)])
        self.bad_link(step, SHORT_S, ["delayed"])

    def proxy_cut(self, step):
        before = self.proxy.counts["cut"]
        for _ in range(self.rng.randint(1, 5)):
            self.proxy.cut_all()
            self.trickle(self.rng.uniform(0, 0.5))
        if self.proxy.counts["cut"] == before:
            raise self.Invalid("there was no connection to cut")
        self.goes_on(step)

    def proxy_stall(self, step):
        self.proxy.stalled = True
        self.bad_link(step, self.some_time(), ["held"])

    def lost_answers(self, step):
        """What was asked for has happened, and the node does not know."""
        self.proxy.silence_s = self.rng.choice([(0, 0), (0, 3)])
        kinds = self.proxy.losing = self.some_requests()
        self.bad_link(step, self.rng.choice([SHORT_S, LONG_S, LONG_S]), [f"lost-{proxy.NAMES[each]}" for each in kinds])

    def late_requests(self, step):
        self.proxy.late_s = self.rng.choice([(0, 0.05), (0, 0.2), (0.1, 3)])
        kinds = self.proxy.late = self.some_requests()
        self.bad_link(step, SHORT_S, [f"late-{proxy.NAMES[each]}" for each in kinds])

    def network_cut(self, step):
        """Packets get lost: for a while nobody is told anything, connections live on or time out."""
        self.namespace.cut()
        try:
            self.trickle(0.2)
            before = self.proxy.counts["requests"]
            self.trickle(self.rng.uniform(*self.some_time()))
            after = self.proxy.counts["requests"]
        finally:
            self.namespace.heal()
        if after != before:
            raise self.Invalid("the network was not cut")
        self.goes_on(step)
