package io.weir.registry;

import static io.weir.registry.DecodeError.INCOMPATIBLE_SCHEMA;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.util.Utf8;

/**
 * Compiles a pair of schemas into a tree of readers of Avro's generic values, once for each writer
 * schema. {@link Resolution} decides which types match.
 */
final class GenericReaders {
  /** Reads a value in the writer's encoding and returns it as the reader's type. */
  @FunctionalInterface
  interface ValueReader {
    Object read(GenericInput in) throws DecodeException;
  }

  private record Pair(Schema writer, Schema reader) {}

  /** A record is added before its fields are compiled, so that a recursive type finds itself. */
  private final Map<Pair, RecordValues> records = new HashMap<>();

  private GenericReaders() {}

  /**
   * Returns a reader of the writer's values.
   *
   * @throws DecodeException if none of them can be read
   */
  static ValueReader compile(Schema writer, Schema reader) throws DecodeException {
    return new GenericReaders().value(writer, reader);
  }

  /** Returns a reader that rejects every value. */
  static ValueReader failing(DecodeException failure) {
    return in -> {
      throw failure;
    };
  }

  private ValueReader value(Schema writer, Schema reader) throws DecodeException {
    if (writer.isUnion()) {
      return union(writer, reader);
    }
    Schema taken = Resolution.branch(writer, reader);
    return switch (taken.getType()) {
      case NULL -> in -> null;
      case BOOLEAN -> GenericInput::readBoolean;
      case INT -> GenericInput::readInt;
      case LONG -> number(writer, Number::longValue);
      case FLOAT -> number(writer, Number::floatValue);
      case DOUBLE -> number(writer, Number::doubleValue);
      // A string and its UTF-8 bytes have the same encoding; a string is checked to be valid UTF-8.
      case STRING -> GenericInput::readString;
      case BYTES -> GenericInput::readBuffer;
      case FIXED -> in -> new GenericData.Fixed(taken, in.readFixed(taken.getFixedSize()));
      case ENUM -> enumeration(writer, taken);
      case ARRAY -> {
        ValueReader item = lazily(writer.getElementType(), taken.getElementType());
        yield array(item, EncodedSize.least(writer.getElementType()));
      }
      case MAP -> {
        ValueReader each = lazily(writer.getValueType(), taken.getValueType());
        yield map(each, 1 + EncodedSize.least(writer.getValueType()));
      }
      case RECORD -> record(writer, taken);
      case UNION -> throw new IllegalStateException("A branch cannot be a union");
    };
  }

  private interface Promotion {
    Number of(Number number);
  }

  private static ValueReader number(Schema writer, Promotion promotion) {
    return switch (writer.getType()) {
      case INT -> in -> promotion.of(in.readInt());
      case LONG -> in -> promotion.of(in.readLong());
      case FLOAT -> in -> promotion.of(in.readFloat());
      default -> GenericInput::readDouble;
    };
  }

  /** A branch that does not resolve only fails the records that use it. */
  private ValueReader union(Schema writer, Schema reader) throws DecodeException {
    List<Schema> types = writer.getTypes();
    ValueReader[] branches = new ValueReader[types.size()];
    DecodeException failure = null;
    boolean readable = branches.length == 0;
    for (int i = 0; i < branches.length; i++) {
      try {
        branches[i] = value(types.get(i), reader);
        readable = true;
      } catch (DecodeException e) {
        branches[i] = failing(e);
        failure = failure == null ? e : failure;
      }
    }
    if (!readable) {
      throw failure;
    }
    int nothing = types.indexOf(Schema.create(Schema.Type.NULL));
    if (branches.length == 2 && nothing >= 0) {
      // Fast path for nullable types, the most common unions; saves a call.
      ValueReader other = branches[1 - nothing];
      ValueReader absent = branches[nothing];
      return in -> in.readIndex(2) == nothing ? absent.read(in) : other.read(in);
    }
    return in -> branches[in.readIndex(branches.length)].read(in);
  }

  /** An item type that does not resolve only fails the records that have items. */
  private ValueReader lazily(Schema writer, Schema reader) {
    try {
      return value(writer, reader);
    } catch (DecodeException e) {
      return failing(e);
    }
  }

  private static ValueReader enumeration(Schema writer, Schema reader) {
    GenericData.EnumSymbol[] symbols =
        writer.getEnumSymbols().stream()
            .map(symbol -> reader.hasEnumSymbol(symbol) ? symbol : reader.getEnumDefault())
            .map(symbol -> symbol == null ? null : new GenericData.EnumSymbol(reader, symbol))
            .toArray(GenericData.EnumSymbol[]::new);
    return in -> {
      int index = in.readIndex(symbols.length);
      if (symbols[index] == null) {
        throw Resolution.unknownSymbol(writer, index);
      }
      return symbols[index];
    };
  }

  private static ValueReader array(ValueReader item, int least) {
    return in -> {
      List<Object> items = new ArrayList<>();
      for (int n = in.readBlock(least); n > 0; n = in.readBlock(least)) {
        for (int i = 0; i < n; i++) {
          items.add(item.read(in));
        }
      }
      return items;
    };
  }

  private static ValueReader map(ValueReader value, int least) {
    return in -> {
      Map<Utf8, Object> entries = new HashMap<>();
      for (int n = in.readBlock(least); n > 0; n = in.readBlock(least)) {
        for (int i = 0; i < n; i++) {
          entries.put(in.readString(), value.read(in));
        }
      }
      return entries;
    };
  }

  private ValueReader record(Schema writer, Schema reader) throws DecodeException {
    Pair pair = new Pair(writer, reader);
    RecordValues known = records.get(pair);
    if (known == null) {
      known = new RecordValues(writer, reader);
      records.put(pair, known);
      fill(known);
    }
    if (known.failure != null) {
      throw known.failure;
    }
    return known;
  }

  private void fill(RecordValues record) {
    Schema.Field[] taken = Resolution.fields(record.writer, record.reader);
    boolean[] filled = new boolean[record.reader.getFields().size()];
    try {
      for (int i = 0; i < taken.length; i++) {
        Schema.Field written = record.writer.getFields().get(i);
        record.targets[i] = taken[i] == null ? -1 : taken[i].pos();
        record.readers[i] = field(written, taken[i]);
        if (taken[i] != null) {
          filled[taken[i].pos()] = true;
        }
      }
      for (Schema.Field field : record.reader.getFields()) {
        if (!filled[field.pos()]) {
          record.defaults.put(field.pos(), defaultOf(record.writer, field));
        }
      }
    } catch (DecodeException e) {
      record.failure = e;
    }
  }

  private ValueReader field(Schema.Field written, Schema.Field taken) throws DecodeException {
    if (taken == null) {
      return in -> {
        in.skip(written.schema());
        return null;
      };
    }
    try {
      return value(written.schema(), taken.schema());
    } catch (DecodeException e) {
      throw e.inField(written.name());
    }
  }

  private static Object defaultOf(Schema writer, Schema.Field field) throws DecodeException {
    if (!field.hasDefaultValue()) {
      throw Resolution.missing(writer, field);
    }
    try {
      return canonical(GenericData.get().getDefaultValue(field));
    } catch (AvroRuntimeException e) {
      throw new DecodeException(INCOMPATIBLE_SCHEMA, "not a valid default: " + e.getMessage())
          .inField(field.name());
    }
  }

  private static Object canonical(Object value) {
    if (value instanceof Double number) {
      return Floats.canonical(number);
    }
    return value instanceof Float number ? (Object) Floats.canonical(number) : value;
  }

  /** Reads a record. Nobody modifies the default values, so all records share them. */
  private static final class RecordValues implements ValueReader {
    private final Schema writer;
    private final Schema reader;
    private final ValueReader[] readers;
    private final int[] targets;

    /** By field position; only for fields that the writer does not have. */
    private final Map<Integer, Object> defaults = new HashMap<>();

    /** Why no record can be read. A recursive type may have been used before this was known. */
    private DecodeException failure;

    RecordValues(Schema writer, Schema reader) {
      this.writer = writer;
      this.reader = reader;
      this.readers = new ValueReader[writer.getFields().size()];
      this.targets = new int[readers.length];
    }

    @Override
    public Object read(GenericInput in) throws DecodeException {
      if (failure != null) {
        throw failure;
      }
      in.enter();
      GenericData.Record record = new GenericData.Record(reader);
      if (!defaults.isEmpty()) {
        defaults.forEach(record::put);
      }
      for (int i = 0; i < readers.length; i++) {
        try {
          Object value = readers[i].read(in);
          if (targets[i] >= 0) {
            record.put(targets[i], value);
          }
        } catch (DecodeException e) {
          throw e.inField(writer.getFields().get(i).name());
        }
      }
      in.leave();
      return record;
    }
  }
}
