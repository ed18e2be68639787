# SPDX-License-Identifier: Apache-2.0
"""demo_kafka - the demo's own Kafka client, for topics, rows and counts.

usage: demo_kafka.py create TOPIC PARTITIONS [TOPIC PARTITIONS]...
       demo_kafka.py produce TOPIC FILE FROM TO     lines FROM..TO-1, from 0
       demo_kafka.py committed TOPIC                how many committed records
       demo_kafka.py counts TOPIC                   "N word", the last of each

It reads read_committed and knows nothing of dstream. The cluster is
DSTREAM_BROKERS.
"""

import json
import os
import sys

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

# Errors come back from calls; its notes would stand among the counts.
SERVERS = {"bootstrap.servers": os.environ["DSTREAM_BROKERS"], "log_level": 3}


def create(words):
    admin = AdminClient(SERVERS)
    wanted = dict(zip(words[::2], map(int, words[1::2])))
    there = set(admin.list_topics(timeout=30).topics) & set(wanted)
    if there:
        sys.exit("demo: the cluster already has the topic %s; the demo counts "
                 "from nothing: delete it, or unset DSTREAM_BROKERS"
                 % ", ".join(sorted(there)))
    topics = [NewTopic(name, num_partitions=n) for name, n in wanted.items()]
    for future in admin.create_topics(topics).values():
        future.result(30)


def produce(topic, path, first, last):
    failed = []
    producer = Producer({**SERVERS, "enable.idempotence": True,
                         "partitioner": "random", "linger.ms": 5,
                         # Without it a batch sticks to one partition.
                         "sticky.partitioning.linger.ms": 0})
    with open(path, encoding="utf-8") as text:
        lines = text.read().splitlines()
    for line in lines[int(first):int(last)]:
        producer.produce(topic, line.encode(),
                         on_delivery=lambda e, _: failed.append(e) if e else 0)
    if producer.flush(60) or failed:
        sys.exit("demo: lines were not delivered: %s" % failed[:1])


def read(topic):
    """Every committed record, partition by partition in order."""
    consumer = Consumer({**SERVERS, "group.id": "demo-reader",
                         "enable.auto.commit": False,
                         "enable.partition.eof": True,
                         "isolation.level": "read_committed",
                         "auto.offset.reset": "error"})
    found = consumer.list_topics(topic, timeout=30).topics[topic]
    if found.error:
        sys.exit("demo: topic %s: %s" % (topic, found.error))
    left = set(found.partitions)
    consumer.assign([TopicPartition(topic, p, 0) for p in left])
    while left:
        message = consumer.poll(30)
        if message is None:
            sys.exit("demo: the end of %s was not reached in 30 s" % topic)
        if message.error() is None:
            yield message
        elif message.error().code() == KafkaError._PARTITION_EOF:
            left.discard(message.partition())
        else:
            sys.exit("demo: reading %s: %s" % (topic, message.error()))
    consumer.close()


def counts(topic):
    last, home = {}, {}
    for message in read(topic):
        row = json.loads(message.value())
        word = row["word"]
        if home.setdefault(word, message.partition()) != message.partition():
            sys.exit("demo: %r is in two partitions" % word)
        last[word] = row["n"]
    for word, n in sorted(last.items(), key=lambda item: (-item[1], item[0])):
        print(n, word)


def main(verb, *words):
    if verb == "create":
        create(words)
    elif verb == "produce":
        produce(*words)
    elif verb == "committed":
        print(sum(1 for _ in read(words[0])))
    elif verb == "counts":
        counts(words[0])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:] or [""])
