package io.weir.flink.json;

import io.weir.json.ValueTypes;
import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.core.memory.MemorySegmentFactory;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.binary.BinaryStringData;

/**
 * Flink's values. Texts are views of the record's bytes, which never change: each Kafka value is an
 * array of its own. Not thread-safe.
 */
final class RowTypes implements ValueTypes {
  private byte[] viewed;
  private MemorySegment[] segments;

  @Override
  public Object text(byte[] bytes, int start, int end) {
    if (bytes != viewed) {
      viewed = bytes;
      segments = new MemorySegment[] {MemorySegmentFactory.wrap(bytes)};
    }
    return BinaryStringData.fromAddress(segments, start, end - start);
  }

  @Override
  public Object timestamp(long millis) {
    return TimestampData.fromEpochMillis(millis);
  }
}
