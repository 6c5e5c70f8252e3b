#!/usr/bin/env python3
"""Makes a topic anew so fast that whoever reads it has no silence to notice it by.

usage: kafka_remake.py BOOTSTRAP TOPIC PID

Its input: a line KEY TAB VALUE each; the first is written to the topic as it is, the others to the new one,
while the reader PID stands still. Says how many milliseconds that took.

Needs Debian's python3-confluent-kafka, so Debian's Python.
"""

import os
import signal
import sys
import time

import confluent_kafka
from confluent_kafka.admin import AdminClient, NewTopic

READ_S = 0.1


def write(bootstrap, topic, lines):
    producer = confluent_kafka.Producer({"bootstrap.servers": bootstrap, "linger.ms": 2})
    for line in lines:
        key, value = line.split("\t", 1)
        producer.produce(topic, value.encode(), key.encode(), partition=0)
    if producer.flush(10) != 0:
        sys.exit("not everything was written")


def main(bootstrap, topic, pid):
    lines = sys.stdin.read().splitlines()
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.list_topics(timeout=10)  # it is connected
    write(bootstrap, topic, lines[:1])
    time.sleep(READ_S)
    began = time.monotonic()
    os.kill(int(pid), signal.SIGSTOP)
    try:
        admin.delete_topics([topic])[topic].result()
        while time.monotonic() < began + 10:
            try:
                admin.create_topics([NewTopic(topic, 1, 1)])[topic].result()
                break
            except confluent_kafka.KafkaException:
                time.sleep(0.005)  # it is still being deleted
        write(bootstrap, topic, lines[1:])
    finally:
        os.kill(int(pid), signal.SIGCONT)
    print(round((time.monotonic() - began) * 1000))


if __name__ == "__main__":
    main(*sys.argv[1:])
