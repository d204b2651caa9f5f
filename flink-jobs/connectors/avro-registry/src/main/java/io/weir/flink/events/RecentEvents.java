package io.weir.flink.events;

import io.weir.registry.Hash64;
import java.util.List;
import java.util.zip.CRC32C;
import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.binary.BinaryStringData;
import org.apache.flink.table.types.logical.RowType;

/**
 * The most recent ids of a reader, each with a hash of its event's columns, in a fixed 256 KiB. It
 * detects a different event with one of these ids.
 *
 * <p>It is a detector, not state. It evicts the oldest id of a bucket for a new one (about {@value
 * #IDS} ids are kept), starts empty when the job restarts, and sees only what its own reader reads,
 * so all events of an id must be in one partition. Every conflict that it reports is real; it may
 * miss others.
 */
final class RecentEvents {
  /**
   * As many as fit beside everything else in a core's L2 cache: a miss would cost more than
   * decoding.
   */
  static final int IDS = 1 << 14;

  /**
   * Ids in a bucket. A bucket holds its ids and then the hashes of their events, in one cache line.
   */
  private static final int WAYS = 4;

  private static final int BUCKET = 2 * WAYS;
  private static final int BUCKET_BITS = 12;

  private final long[] buckets = new long[BUCKET << BUCKET_BITS];
  private final int[] idColumns;
  private final int columns;
  private final CRC32C checksum = new CRC32C();

  /**
   * @param columns an event's columns, the first of its row
   * @param idColumns the columns that identify an event
   */
  RecentEvents(RowType columns, List<String> idColumns) {
    this.columns = columns.getFieldCount();
    this.idColumns = idColumns.stream().mapToInt(columns::getFieldIndex).toArray();
  }

  /**
   * Records the event and returns whether it conflicts with a recent event with the same id. The
   * first event is kept.
   */
  boolean conflicts(GenericRowData event) {
    long id = Hash64.SEED;
    for (int column : idColumns) {
      id = Hash64.mixed(id, hash(event.getField(column), true));
    }
    long payload = Hash64.SEED;
    for (int column = 0; column < columns; column++) {
      payload = Hash64.mixed(payload, hash(event.getField(column), false));
    }
    return conflicts(id == 0 ? 1 : id, payload);
  }

  /**
   * @param id not 0, which marks an empty slot
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

  /**
   * @param unique whether different values must have different hashes, as ids must: texts of which
   *     32 bits are compared would look like one id every few minutes
   */
  private long hash(Object value, boolean unique) {
    if (value == null) {
      return Hash64.SEED;
    }
    if (value instanceof StringData text) {
      return textHash(text, unique);
    }
    if (value instanceof Number number) {
      return Hash64.ofNumber(number);
    }
    if (value instanceof TimestampData time) {
      return Hash64.mixed(time.getMillisecond(), time.getNanoOfMillisecond());
    }
    // Arrays, rows and decimals have 32-bit hashes, which is enough to compare the few events of an
    // id.
    return value instanceof byte[] bytes
        ? bytesHash(bytes, 0, bytes.length, unique)
        : value.hashCode();
  }

  private long textHash(StringData text, boolean unique) {
    if (text instanceof BinaryStringData view && view.getSegments() != null) {
      MemorySegment[] segments = view.getSegments();
      if (segments.length == 1 && !segments[0].isOffHeap()) {
        byte[] bytes = segments[0].getHeapMemory();
        return bytesHash(bytes, view.getOffset(), view.getSizeInBytes(), unique);
      }
    }
    byte[] bytes = text.toBytes();
    return bytesHash(bytes, 0, bytes.length, unique);
  }

  /** Processors compute CRC-32C themselves, in a fraction of the time of 64 bits. */
  private long bytesHash(byte[] bytes, int start, int length, boolean unique) {
    if (unique) {
      return Hash64.ofBytes(bytes, start, length);
    }
    checksum.reset();
    checksum.update(bytes, start, length);
    return checksum.getValue() << Integer.SIZE | length;
  }
}
