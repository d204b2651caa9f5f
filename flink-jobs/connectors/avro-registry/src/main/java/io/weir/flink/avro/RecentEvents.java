package io.weir.flink.avro;

import io.weir.registry.Hash64;
import java.util.List;
import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.binary.BinaryStringData;
import org.apache.flink.table.types.logical.RowType;

/**
 * The ids that a reader has seen last, each with a hash of its event's columns, in 4 MiB that never
 * grow. It tells when another event comes under one of these ids.
 *
 * <p>It is a detector, not state: it forgets the oldest id of a bucket when a new one needs its
 * place (about {@value #IDS} ids are known), begins anew when the job does, and sees only what its
 * own reader reads, so that events of one id must come on one partition. What it finds is so; there
 * may be more.
 */
final class RecentEvents {
  static final int IDS = 1 << 18;

  /** Ids that share a bucket: its ids, then their events' hashes, are one cache line. */
  private static final int WAYS = 4;

  private static final int BUCKET = 2 * WAYS;
  private static final int BUCKET_BITS = 16;

  private final long[] buckets = new long[BUCKET << BUCKET_BITS];
  private final int[] idColumns;
  private final int columns;

  /**
   * @param columns an event's columns, the first of its row
   * @param idColumns those of them that name it
   */
  RecentEvents(RowType columns, List<String> idColumns) {
    this.columns = columns.getFieldCount();
    this.idColumns = idColumns.stream().mapToInt(columns::getFieldIndex).toArray();
  }

  /** Notes the event. Whether a recent one with the same id differs from it; the first is kept. */
  boolean conflicts(GenericRowData event) {
    long id = Hash64.SEED;
    for (int column : idColumns) {
      id = Hash64.mixed(id, hash(event.getField(column)));
    }
    long payload = Hash64.SEED;
    for (int column = 0; column < columns; column++) {
      payload = Hash64.mixed(payload, hash(event.getField(column)));
    }
    return conflicts(id == 0 ? 1 : id, payload);
  }

  /**
   * @param id not 0, which is an empty place
   */
  private boolean conflicts(long id, long payload) {
    int first = (int) (id >>> (Long.SIZE - BUCKET_BITS)) * BUCKET;
    for (int place = first; place < first + WAYS; place++) {
      if (buckets[place] == id) {
        return buckets[place + WAYS] != payload;
      }
    }
    for (int place = first + WAYS - 1; place > first; place--) {
      buckets[place] = buckets[place - 1];
      buckets[place + WAYS] = buckets[place + WAYS - 1];
    }
    buckets[first] = id;
    buckets[first + WAYS] = payload;
    return false;
  }

  private static long hash(Object value) {
    if (value == null) {
      return Hash64.SEED;
    }
    if (value instanceof StringData text) {
      return textHash(text);
    }
    if (value instanceof Number number) {
      return Hash64.ofNumber(number);
    }
    if (value instanceof TimestampData time) {
      return Hash64.mixed(time.getMillisecond(), time.getNanoOfMillisecond());
    }
    // Of arrays, rows and decimals 32 bits: enough to tell the few events of one id apart.
    return value instanceof byte[] bytes ? Hash64.ofBytes(bytes) : value.hashCode();
  }

  private static long textHash(StringData text) {
    if (text instanceof BinaryStringData view && view.getSegments() != null) {
      MemorySegment[] segments = view.getSegments();
      if (segments.length == 1 && !segments[0].isOffHeap()) {
        byte[] bytes = segments[0].getHeapMemory();
        return Hash64.ofBytes(bytes, view.getOffset(), view.getSizeInBytes());
      }
    }
    return Hash64.ofBytes(text.toBytes());
  }
}
