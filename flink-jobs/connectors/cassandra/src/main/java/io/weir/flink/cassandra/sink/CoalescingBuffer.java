package io.weir.flink.cassandra.sink;

import io.weir.cassandra.statement.NewestRows;
import io.weir.cassandra.statement.RowKey;
import io.weir.cassandra.statement.WriteLayout;
import io.weir.cassandra.statement.WriteRequest;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.connector.base.sink.writer.RequestBuffer;
import org.apache.flink.connector.base.sink.writer.RequestEntryWrapper;

/**
 * Buffers rows until they are sent, and keeps only the newest of each key: an aggregate that
 * changes a thousand times in the buffer costs one write. The newest has the highest write
 * timestamp; of equal timestamps, the later row wins.
 *
 * <p>Keys keep the order of their first arrival, so frequent changes do not delay a key. Used only
 * by the writer's thread.
 */
final class CoalescingBuffer implements RequestBuffer<WriteRequest> {
  private final WriteLayout layout;
  private final Runnable onCoalesced;
  private final Map<RowKey, RequestEntryWrapper<WriteRequest>> entries = new LinkedHashMap<>();
  private long totalSizeInBytes;

  CoalescingBuffer(WriteLayout layout, Runnable onCoalesced) {
    this.layout = layout;
    this.onCoalesced = onCoalesced;
  }

  @Override
  public void add(RequestEntryWrapper<WriteRequest> entry, boolean prioritize) {
    RowKey key = layout.cellsOf(entry.getRequestEntry());
    RequestEntryWrapper<WriteRequest> waiting = entries.putIfAbsent(key, entry);
    if (waiting == null) {
      totalSizeInBytes += entry.getSize();
      return;
    }
    onCoalesced.run();
    if (isNewer(entry, waiting, prioritize)) {
      entries.replace(key, entry);
      totalSizeInBytes += entry.getSize() - waiting.getSize();
    }
  }

  /** An entry that is put back at the head of the queue is older than the buffered ones. */
  private static boolean isNewer(
      RequestEntryWrapper<WriteRequest> entry,
      RequestEntryWrapper<WriteRequest> waiting,
      boolean cameBefore) {
    WriteRequest row = entry.getRequestEntry();
    WriteRequest other = waiting.getRequestEntry();
    return cameBefore ? !NewestRows.isNewer(other, row) : NewestRows.isNewer(row, other);
  }

  @Override
  public RequestEntryWrapper<WriteRequest> poll() {
    Iterator<RequestEntryWrapper<WriteRequest>> iterator = entries.values().iterator();
    if (!iterator.hasNext()) {
      return null;
    }
    RequestEntryWrapper<WriteRequest> first = iterator.next();
    iterator.remove();
    totalSizeInBytes -= first.getSize();
    return first;
  }

  @Override
  public RequestEntryWrapper<WriteRequest> peek() {
    return entries.isEmpty() ? null : entries.values().iterator().next();
  }

  @Override
  public boolean isEmpty() {
    return entries.isEmpty();
  }

  @Override
  public int size() {
    return entries.size();
  }

  @Override
  public Collection<RequestEntryWrapper<WriteRequest>> getBufferedState() {
    return List.copyOf(entries.values());
  }

  @Override
  public long totalSizeInBytes() {
    return totalSizeInBytes;
  }
}
