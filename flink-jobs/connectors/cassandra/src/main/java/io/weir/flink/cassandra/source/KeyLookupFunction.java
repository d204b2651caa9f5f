package io.weir.flink.cassandra.source;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Collection;
import java.util.concurrent.ExecutionException;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.LookupFunction;

/** Looks up each key in Cassandra and waits for the answer. */
public final class KeyLookupFunction extends LookupFunction {
  private final LookupSpec spec;
  private transient KeyedReader reader;

  public KeyLookupFunction(LookupSpec spec) {
    this.spec = spec;
  }

  @Override
  public void open(FunctionContext context) {
    reader = KeyedReader.open(spec, context.getMetricGroup());
  }

  @Override
  public Collection<RowData> lookup(RowData key) throws IOException {
    try {
      return reader.read(key).get();
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("The lookup was interrupted");
    }
  }

  @Override
  public void close() {
    if (reader != null) {
      reader.close();
    }
  }
}
