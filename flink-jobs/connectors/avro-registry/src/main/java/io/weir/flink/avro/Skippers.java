package io.weir.flink.avro;

import io.weir.registry.DecodeException;
import io.weir.registry.EncodedSize;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;

/** Skips fields that only the writer has. Checks the record's bounds and builds no values. */
final class Skippers {
  /** A record is added before its fields are compiled, so that a recursive type finds itself. */
  private final Map<Schema, RecordSkipper> records = new IdentityHashMap<>();

  private Skippers() {}

  static ValueReader of(Schema writer) {
    return new Skippers().skipper(writer);
  }

  private ValueReader skipper(Schema writer) {
    return switch (writer.getType()) {
      case NULL -> in -> null;
      case BOOLEAN ->
          in -> {
            in.readBoolean();
            return null;
          };
      case INT ->
          in -> {
            in.readInt();
            return null;
          };
      case LONG ->
          in -> {
            in.readLong();
            return null;
          };
      case FLOAT -> skipping(4);
      case DOUBLE -> skipping(8);
      case FIXED -> skipping(writer.getFixedSize());
      case STRING, BYTES -> Skippers::skipLengthAndBytes;
      case ENUM -> {
        int symbols = writer.getEnumSymbols().size();
        yield in -> {
          in.readIndex(symbols);
          return null;
        };
      }
      case UNION ->
          NestedReaders.union(
              writer.getTypes().stream().map(this::skipper).toArray(ValueReader[]::new));
      case ARRAY ->
          items(skipper(writer.getElementType()), EncodedSize.least(writer.getElementType()));
      case MAP -> {
        ValueReader value = skipper(writer.getValueType());
        yield items(
            in -> {
              skipLengthAndBytes(in);
              return value.read(in);
            },
            1);
      }
      case RECORD -> record(writer);
    };
  }

  private ValueReader record(Schema writer) {
    RecordSkipper known = records.get(writer);
    if (known != null) {
      return known;
    }
    List<Schema.Field> fields = writer.getFields();
    RecordSkipper skipper = new RecordSkipper(new ValueReader[fields.size()]);
    records.put(writer, skipper);
    for (int i = 0; i < fields.size(); i++) {
      skipper.fields[i] = skipper(fields.get(i).schema());
    }
    return skipper;
  }

  private static Object skipLengthAndBytes(BinaryInput in) throws DecodeException {
    in.skip(in.readLength());
    return null;
  }

  private static ValueReader skipping(int length) {
    return in -> {
      in.skip(length);
      return null;
    };
  }

  private static ValueReader items(ValueReader item, int minItemBytes) {
    return in -> {
      for (int n = in.readBlock(minItemBytes); n > 0; n = in.readBlock(minItemBytes)) {
        for (int i = 0; i < n; i++) {
          item.read(in);
        }
      }
      return null;
    };
  }

  private record RecordSkipper(ValueReader[] fields) implements ValueReader {
    @Override
    public Object read(BinaryInput in) throws DecodeException {
      in.enter();
      for (ValueReader field : fields) {
        field.read(in);
      }
      in.leave();
      return null;
    }
  }
}
