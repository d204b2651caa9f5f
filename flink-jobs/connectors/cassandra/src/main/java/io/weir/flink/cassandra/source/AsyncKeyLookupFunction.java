package io.weir.flink.cassandra.source;

import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.AsyncLookupFunction;
import org.apache.flink.table.functions.FunctionContext;

/** Looks up each key in Cassandra without blocking. */
public final class AsyncKeyLookupFunction extends AsyncLookupFunction {
  private final LookupSpec spec;
  private transient KeyedReader reader;

  public AsyncKeyLookupFunction(LookupSpec spec) {
    this.spec = spec;
  }

  @Override
  public void open(FunctionContext context) {
    reader = KeyedReader.open(spec, context.getMetricGroup());
  }

  @Override
  public CompletableFuture<Collection<RowData>> asyncLookup(RowData key) {
    return reader.read(key);
  }

  @Override
  public void close() {
    if (reader != null) {
      reader.close();
    }
  }
}
