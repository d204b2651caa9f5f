package io.weir.flink.cassandra.sink;

import io.weir.cassandra.statement.WriteRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.RequestEntryWrapper;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/**
 * Serializes the writer's state: the rows that are not written yet. It includes the column names,
 * so that a savepoint can be restored into a table with more, fewer or reordered columns. A new
 * column is null in these rows, and a removed column is dropped.
 *
 * <p>Version 1: number of columns, their names; number of rows; for each row: delete, timestamp,
 * TTL, and for each column a length (-1 for null) and that many bytes.
 */
final class WriteRequestSerializer
    implements SimpleVersionedSerializer<BufferedRequestState<WriteRequest>> {
  private static final int VERSION = 1;
  private static final int NULL = -1;
  private static final int DROPPED = -1;

  private final List<String> columns;

  WriteRequestSerializer(List<String> columns) {
    this.columns = columns;
  }

  @Override
  public int getVersion() {
    return VERSION;
  }

  @Override
  public byte[] serialize(BufferedRequestState<WriteRequest> state) throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(256);
    out.writeInt(columns.size());
    for (String column : columns) {
      out.writeUTF(column);
    }
    out.writeInt(state.getBufferedRequestEntries().size());
    for (RequestEntryWrapper<WriteRequest> entry : state.getBufferedRequestEntries()) {
      write(entry.getRequestEntry(), out);
    }
    return out.getCopyOfBuffer();
  }

  private static void write(WriteRequest request, DataOutputSerializer out) throws IOException {
    out.writeBoolean(request.delete());
    out.writeLong(request.timestampMicros());
    out.writeInt(request.ttlSeconds());
    for (byte[] value : request.values()) {
      if (value == null) {
        out.writeInt(NULL);
      } else {
        out.writeInt(value.length);
        out.write(value);
      }
    }
  }

  @Override
  public BufferedRequestState<WriteRequest> deserialize(int version, byte[] bytes)
      throws IOException {
    if (version != VERSION) {
      throw new IOException(
          "The sink's state has version %d, this connector reads %d. Restore it with the connector that wrote it."
              .formatted(version, VERSION));
    }
    DataInputDeserializer in = new DataInputDeserializer(bytes);
    int[] targets = new int[in.readInt()];
    for (int i = 0; i < targets.length; i++) {
      targets[i] = columns.indexOf(in.readUTF());
    }
    int count = in.readInt();
    List<RequestEntryWrapper<WriteRequest>> entries = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      WriteRequest request = read(in, targets);
      entries.add(new RequestEntryWrapper<>(request, request.sizeInBytes()));
    }
    return new BufferedRequestState<>(entries);
  }

  private WriteRequest read(DataInputDeserializer in, int[] targets) throws IOException {
    boolean delete = in.readBoolean();
    long timestampMicros = in.readLong();
    int ttlSeconds = in.readInt();
    byte[][] values = new byte[columns.size()][];
    for (int target : targets) {
      int length = in.readInt();
      if (length == NULL) {
        continue;
      }
      byte[] value = new byte[length];
      in.readFully(value);
      if (target != DROPPED) {
        values[target] = value;
      }
    }
    return new WriteRequest(delete, timestampMicros, ttlSeconds, values);
  }
}
