package io.weir.connect;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.sink.SinkConnector;

/** Loads topics into the tables of a keyspace. Each task handles a share of the partitions. */
public final class CassandraSinkConnector extends SinkConnector {
  private Map<String, String> settings;

  @Override
  public void start(Map<String, String> given) {
    new SinkConfig(given);
    settings = Map.copyOf(given);
  }

  @Override
  public Class<? extends Task> taskClass() {
    return CassandraSinkTask.class;
  }

  @Override
  public List<Map<String, String>> taskConfigs(int count) {
    return Collections.nCopies(count, settings);
  }

  @Override
  public void stop() {
    // Nothing runs here; the tasks own the sessions.
  }

  @Override
  public ConfigDef config() {
    return SinkConfig.DEFINITION;
  }

  @Override
  public String version() {
    return "0.1.0";
  }
}
