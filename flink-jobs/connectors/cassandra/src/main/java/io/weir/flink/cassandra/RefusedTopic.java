package io.weir.flink.cassandra;

import java.io.Serializable;
import java.util.Map;

/**
 * Where rows go that Cassandra refuses for good.
 *
 * @param properties of the Kafka producer
 */
public record RefusedTopic(String topic, Map<String, String> properties) implements Serializable {
  /** Names alone: values may be passwords. */
  @Override
  public String toString() {
    return "RefusedTopic[" + topic + ", " + properties.keySet() + "]";
  }
}
