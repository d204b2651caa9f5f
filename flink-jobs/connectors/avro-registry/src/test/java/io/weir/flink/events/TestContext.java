package io.weir.flink.events;

import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.util.SimpleUserCodeClassLoader;
import org.apache.flink.util.UserCodeClassLoader;

/** Opens a schema outside a job and keeps its counters by name. */
public final class TestContext implements DeserializationSchema.InitializationContext {
  public final Map<String, Counter> counters = new TreeMap<>();

  @Override
  public MetricGroup getMetricGroup() {
    return new Group("");
  }

  @Override
  public UserCodeClassLoader getUserCodeClassLoader() {
    return SimpleUserCodeClassLoader.create(TestContext.class.getClassLoader());
  }

  public long count(String name) {
    return counters.get(name).getCount();
  }

  private final class Group extends UnregisteredMetricsGroup {
    private final String prefix;

    private Group(String prefix) {
      this.prefix = prefix;
    }

    @Override
    public Counter counter(String name) {
      return counters.computeIfAbsent(prefix + name, key -> new SimpleCounter());
    }

    @Override
    public MetricGroup addGroup(String key, String value) {
      return new Group(prefix + key + "." + value + ".");
    }
  }
}
