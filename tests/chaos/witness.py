"""Witness: reads all the time while the node lives and dies, and remembers what it saw.

What it saw has to be true for ever: of each topic and partition exactly the beginning of what a
reader sees at the end; of each player and partition never less than before.
"""

import http.client
import random
import threading
import time

PARTITION_NUMBERS = ("epoch", "last_commit")
TOPICS = ("ledger", "balances")
PAUSE_S = 0.002


class Witness:
    def __init__(self, node, players, seed):
        self.node = node
        self.players = players
        self.random = random.Random(seed)
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.seen = {}  # (topic, partition): records
        self.life = 0  # of the node: which of its processes it is
        self.epochs_before = {}  # of this life
        self.partitions = {}  # partition: {epoch, last_commit}, the highest seen
        self.states = {}  # player: the last (wagers, entries, points) seen
        self.polls = self.states_seen = 0
        self.violations = []
        self.threads = [threading.Thread(target=self._guard, args=(what,), daemon=True)
                        for what in (self._tail, self._look)]

    def start(self, partitions):
        for topic in TOPICS:
            for partition in range(partitions):
                self.seen[topic, partition] = []
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def records_seen(self):
        return sum(len(records) for records in self.seen.values())

    def begin_life(self):
        """The node is dead and about to be started."""
        with self.lock:
            self.life += 1
            self.epochs_before = {partition: each["epoch"]
                                  for partition, each in self.partitions.items()}

    def check_partitions(self, partitions, life):
        """Nothing may be less than at any time before; each life of the node has its own epochs."""
        with self.lock:
            if life != self.life:
                return  # an answer of a process that is gone, read late
            for each in partitions:
                now = {name: int(each[name]) for name in PARTITION_NUMBERS}
                before = self.partitions.get(each["partition"], dict.fromkeys(PARTITION_NUMBERS, 0))
                where = f"partition {each['partition']}"
                if now["last_commit"] < before["last_commit"]:
                    self.violations.append(f"{where}: last commit {now} after {before}")
                if now["epoch"] < before["epoch"] or now["epoch"] <= self.epochs_before.get(
                        each["partition"], 0):
                    self.violations.append(f"{where}: epoch {now['epoch']} after {before['epoch']}")
                self.partitions[each["partition"]] = {
                    name: max(now[name], before[name]) for name in PARTITION_NUMBERS}

    def _guard(self, what):
        """Runs `what` on one connection again and again, whatever becomes of the node."""
        client = self.node.client()
        while not self.stopping.is_set():
            try:
                what(client)
            except (OSError, http.client.HTTPException):
                time.sleep(PAUSE_S)
            except Exception as error:  # what it read made no sense
                with self.lock:
                    self.violations.append(f"a reader could not read: {error!r}")
                time.sleep(0.1)
        client.close()

    def _tail(self, client):
        for (topic, partition), records in self.seen.items():
            page = client.get_json(f"/v1/topics/{topic}?partition={partition}&"
                                   f"from={len(records)}&limit=1000")
            self.polls += 1
            for event in page["events"]:
                if event["id"] != f"{topic}/{partition}/{len(records)}":
                    with self.lock:
                        self.violations.append(
                            f"{event['id']} came where {topic}/{partition}/{len(records)} belongs")
                    return
                records.append(event)
            if int(page["end"]) < len(records):
                with self.lock:
                    self.violations.append(f"{topic}/{partition} had {len(records)} records and "
                                           f"ends at {page['end']} now")

    def _look(self, client):
        life = self.life
        status = client.get_json("/v1/status")
        if status["state"] == "running":
            self.check_partitions(status["partitions"], life)
        for player in self.random.sample(self.players, min(20, len(self.players))):
            reply = client.get(f"/v1/players/{player}")
            if reply.status == 404 and player not in self.states:
                continue
            state = state_of(reply.json()) if reply.status == 200 else None
            with self.lock:
                before = self.states.get(player, (0, 0, 0))
                if state is None or any(now < then for now, then in zip(state, before)):
                    self.violations.append(f"player {player}: {state or reply} after {before}")
                else:
                    self.states[player] = state
                    self.states_seen += 1
        time.sleep(PAUSE_S)


def state_of(shown):
    state = shown["state"]
    return (int(state["wagers"]), int(state["ledger_entries"]), int(shown["balances"][0]["units"]))
