package io.weir.registry;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.avro.Schema;

/** A cursor over one Avro record that returns Avro's generic values. */
final class GenericInput extends AvroInput {
  org.apache.avro.util.Utf8 readString() throws DecodeException {
    int length = readLength();
    int start = advanceText(length);
    return new org.apache.avro.util.Utf8(Arrays.copyOfRange(bytes, start, start + length));
  }

  ByteBuffer readBuffer() throws DecodeException {
    return ByteBuffer.wrap(readBytes());
  }

  /** Skips a value of this type without building it. */
  void skip(Schema schema) throws DecodeException {
    switch (schema.getType()) {
      case NULL -> {
        // A null has no bytes.
      }
      case BOOLEAN -> readBoolean();
      case INT -> readInt();
      case LONG -> readLong();
      case FLOAT -> skip(Float.BYTES);
      case DOUBLE -> skip(Double.BYTES);
      case STRING, BYTES -> skip(readLength());
      case FIXED -> skip(schema.getFixedSize());
      case ENUM -> readIndex(schema.getEnumSymbols().size());
      case UNION -> skip(schema.getTypes().get(readIndex(schema.getTypes().size())));
      case ARRAY -> {
        int least = EncodedSize.least(schema.getElementType());
        for (int n = readBlock(least); n > 0; n = readBlock(least)) {
          for (int i = 0; i < n; i++) {
            skip(schema.getElementType());
          }
        }
      }
      case MAP -> {
        for (int n = readBlock(1); n > 0; n = readBlock(1)) {
          for (int i = 0; i < n; i++) {
            skip(readLength());
            skip(schema.getValueType());
          }
        }
      }
      case RECORD -> {
        enter();
        for (Schema.Field field : schema.getFields()) {
          skip(field.schema());
        }
        leave();
      }
    }
  }
}
