"""Event time goes on with the input that is furthest behind: a run waits for the wagers of its time, however the
partitions of a topic take their turns."""

import unittest
from datetime import datetime, timedelta

import harness
import kafka
from boards import UTC
from kafka_case import EVENTS, KafkaCase
from races import Race

PLAYERS = [f"p{i:03}" for i in range(200)]  # some for each partition of the node
WAGERS = 60_000


class KafkaTime(KafkaCase):
    def test_a_run_waits_for_the_partition_that_is_behind(self):
        topic = kafka.fresh_name("wagers")
        kafka.make_topic(topic, 2)
        hour = (datetime.now(UTC) - timedelta(hours=5)).replace(minute=0, second=0, microsecond=0)
        step = timedelta(hours=1) / WAGERS

        def wager(number, when):
            return Race.wager(PLAYERS[number % len(PLAYERS)], number, when)
        # Few records of hours later in one partition, many of the run in the other.
        later = hour + timedelta(hours=2)
        kafka.produce(topic, [wager(WAGERS + i, later) for i in range(len(PLAYERS))], partition=0)
        kafka.produce(topic, [wager(i, hour + step * i) for i in range(WAGERS)], partition=1)
        race = Race(self.folder, "1h", EVENTS.replace("TOPIC", topic))
        self.addCleanup(harness.finish, race.node)
        race.node.start()
        self.handled(race.node, WAGERS + len(PLAYERS), within_s=60)
        self.assertEqual(race.final(hour, within_s=30), dict.fromkeys(PLAYERS, WAGERS // len(PLAYERS)))
        self.assertEqual(race.final(later, within_s=10), dict.fromkeys(PLAYERS, 1))


if __name__ == "__main__":
    unittest.main()
