#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# kafka-topics.sh - the tool of this name, at the official image's path.
exec java -Xmx256m -cp '/opt/kafka/libs/*' org.apache.kafka.tools.TopicCommand \
    "$@"
