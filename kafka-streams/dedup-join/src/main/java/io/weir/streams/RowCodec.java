package io.weir.streams;

import io.weir.streams.PipelinePlan.Column;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Encodes rows as Avro records without header. A nullable column is a union of null and its type,
 * in this order. Equal rows have equal bytes and can therefore serve as keys.
 */
final class RowCodec {
  private final Column[] columns;
  private final int required;

  RowCodec(List<Column> columns) {
    this(columns, columns.size());
  }

  /**
   * @param required the number of columns that each row has; a row of an earlier version may end
   *     after them, and its other columns are null
   */
  RowCodec(List<Column> columns, int required) {
    this.columns = columns.toArray(Column[]::new);
    this.required = required;
  }

  /** The codec as a Kafka serde; a null row is a null value. */
  Serde<Object[]> serde() {
    return new Serde<>() {
      @Override
      public Serializer<Object[]> serializer() {
        return (topic, row) -> row == null ? null : encode(row);
      }

      @Override
      public Deserializer<Object[]> deserializer() {
        return (topic, bytes) -> bytes == null ? null : decode(bytes);
      }
    };
  }

  byte[] encode(Object[] row) {
    return encode(new byte[0], row);
  }

  /** Encodes the row after {@code header}. */
  byte[] encode(byte[] header, Object[] row) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    bytes.writeBytes(header);
    BinaryEncoder out = EncoderFactory.get().directBinaryEncoder(bytes, null);
    try {
      for (int i = 0; i < columns.length; i++) {
        write(columns[i], row[i], out);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void write(Column column, Object value, BinaryEncoder out) throws IOException {
    if (column.nullable()) {
      out.writeIndex(value == null ? 0 : 1);
      if (value == null) {
        return;
      }
    }
    switch (column.type()) {
      case TEXT -> out.writeString((String) value);
      case INT, DATE -> out.writeInt((Integer) value);
      case BIGINT, TIMESTAMP -> out.writeLong((Long) value);
      case FLOAT -> out.writeFloat((Float) value);
      case DOUBLE -> out.writeDouble((Double) value);
      case BOOLEAN -> out.writeBoolean((Boolean) value);
      case BLOB -> out.writeBytes((byte[]) value);
    }
  }

  Object[] decode(byte[] bytes) {
    BinaryDecoder in = DecoderFactory.get().binaryDecoder(bytes, null);
    Object[] row = new Object[columns.length];
    try {
      for (int i = 0; i < columns.length && (i < required || !in.isEnd()); i++) {
        row[i] = read(columns[i], in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Not a row of this pipeline", e);
    }
    return row;
  }

  private static Object read(Column column, BinaryDecoder in) throws IOException {
    if (column.nullable() && in.readIndex() == 0) {
      return null;
    }
    return switch (column.type()) {
      case TEXT -> in.readString();
      case INT, DATE -> in.readInt();
      case BIGINT, TIMESTAMP -> in.readLong();
      case FLOAT -> in.readFloat();
      case DOUBLE -> in.readDouble();
      case BOOLEAN -> in.readBoolean();
      case BLOB -> {
        ByteBuffer buffer = in.readBytes(null);
        byte[] value = new byte[buffer.remaining()];
        buffer.get(value);
        yield value;
      }
    };
  }
}
