package io.weir.flink.cassandra.source;

import io.weir.join.JoinMisses;
import java.util.Collection;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;

/**
 * Counts lookups without a match, as the metrics {@code joinMisses} and {@code missingKeys} of the
 * group {@code reference.<table>}. The second one is text: Flink's REST API shows it, but
 * Prometheus ignores it. With a partial cache, only lookups that reach Cassandra are counted.
 */
final class MissCounter {
  private final JoinMisses misses = new JoinMisses();

  MissCounter(LookupSpec spec, MetricGroup metrics) {
    MetricGroup group = metrics.addGroup("reference", spec.source().table());
    group.gauge("joinMisses", misses::total);
    group.gauge("missingKeys", misses::keysAsJson);
  }

  /**
   * Counts the lookup of {@code key} if {@code found} is empty. A key with a null cannot match and
   * is not a miss.
   */
  void note(GenericRowData key, Collection<RowData> found) {
    if (!found.isEmpty()) {
      return;
    }
    Object[] values = new Object[key.getArity()];
    for (int i = 0; i < values.length; i++) {
      values[i] = key.getField(i);
      if (values[i] == null) {
        return;
      }
    }
    misses.add(values);
  }
}
