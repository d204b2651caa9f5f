package io.weir.flink.cassandra.source;

import java.util.Collection;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.LookupFunction;

/** Looks up rows in a copy of the whole table: a hash lookup for each event, and no requests. */
public final class FullLookupFunction extends LookupFunction {
  private final LookupSpec spec;
  private transient ReferenceCopy copy;
  private transient MissCounter misses;

  public FullLookupFunction(LookupSpec spec) {
    this.spec = spec;
  }

  @Override
  public void open(FunctionContext context) throws Exception {
    copy = ReferenceCopy.acquire(spec);
    MetricGroup group = context.getMetricGroup();
    group.gauge("referenceRows", copy::rows);
    group.gauge("lastReloadEpochMillis", copy::lastReloadEpochMillis);
    group.gauge("failedReloads", copy::failedReloads);
    group.gauge("refusedEmptyReloads", copy::refusedEmptyReloads);
    group.gauge("refusedRows", copy::refusedRows);
    misses = new MissCounter(spec, group);
  }

  @Override
  public Collection<RowData> lookup(RowData key) {
    GenericRowData values = (GenericRowData) key;
    Collection<RowData> found = copy.lookup(values);
    misses.note(values, found);
    return found;
  }

  @Override
  public void close() {
    if (copy != null) {
      copy.release();
      copy = null;
    }
  }
}
