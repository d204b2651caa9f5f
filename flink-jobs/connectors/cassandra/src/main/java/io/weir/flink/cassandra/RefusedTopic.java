package io.weir.flink.cassandra;

import java.io.Serializable;
import java.util.Map;

/**
 * The topic for rows that Cassandra rejects permanently.
 *
 * @param properties settings of the Kafka producer
 */
public record RefusedTopic(String topic, Map<String, String> properties) implements Serializable {
  /** Shows only the names of properties, because values may be passwords. */
  @Override
  public String toString() {
    return "RefusedTopic[" + topic + ", " + properties.keySet() + "]";
  }
}
