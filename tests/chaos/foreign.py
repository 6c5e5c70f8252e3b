#!/usr/bin/env python3
"""A producer that is not Laurel's, in a process of its own: one transaction, which is left open.

usage: foreign.py BOOTSTRAP TRANSACTIONAL_ID TIMEOUT_MS TOPIC PARTITIONS

Opens a producer of that transactional id (whoever had it is fenced), begins a transaction, writes to the
topic, a partition after the other, what its input says (a number of records, then a line KEY TAB VALUE
each), and says `open`, or `refused` if it was fenced first. A line on the input then: `commit` or `abort`. Killed before, it leaves the
transaction to its timeout.

Needs Debian's python3-confluent-kafka, so Debian's Python.
"""

import sys

import confluent_kafka


def main(bootstrap, transactional_id, timeout_ms, topic, partitions):
    producer = confluent_kafka.Producer({
        "bootstrap.servers": bootstrap, "transactional.id": transactional_id,
        "transaction.timeout.ms": int(timeout_ms), "message.timeout.ms": int(timeout_ms),
        "linger.ms": 0})
    producer.init_transactions(30)
    try:
        leave_open(producer, topic, int(partitions))
    except confluent_kafka.KafkaException as error:
        print("refused", flush=True)
        sys.exit(str(error))
    print("open", flush=True)
    if sys.stdin.readline().strip() == "commit":
        producer.commit_transaction(30)
    else:
        producer.abort_transaction(30)
    print("ended", flush=True)


def leave_open(producer, topic, partitions):
    producer.begin_transaction()
    count = int(sys.stdin.readline())
    for at in range(count):
        key, value = sys.stdin.readline().rstrip("\n").split("\t", 1)
        producer.produce(topic, value.encode(), key.encode(), partition=at % partitions)
    if producer.flush(30) != 0:
        sys.exit("not everything was written")


if __name__ == "__main__":
    main(*sys.argv[1:])
