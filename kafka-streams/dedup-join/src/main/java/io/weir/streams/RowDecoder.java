package io.weir.streams;

import io.weir.registry.DecodeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;

/** Reads rows that this pipeline wrote, possibly with an earlier version of its columns. */
final class RowDecoder extends ContextualFixedKeyProcessor<byte[], byte[], Object[]> {
  private final RowReader reader;

  RowDecoder(RowReader reader) {
    this.reader = reader;
  }

  @Override
  public void process(FixedKeyRecord<byte[], byte[]> record) {
    try {
      context().forward(record.withValue(reader.read(record.value())));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (DecodeException e) {
      // Only this pipeline writes to the topic, and the totals must not skip a row.
      throw new IllegalStateException("A row cannot be read: " + e.getMessage(), e);
    }
  }
}
