package io.weir.flink.avro;

import io.weir.registry.DecodeException;
import io.weir.registry.EncodedSize;
import io.weir.registry.Resolution;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.flink.table.data.binary.BinaryStringData;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.table.types.logical.RowType;

/**
 * Compiles a pair of schemas into a tree of readers, once for each writer schema. {@link
 * Resolution} matches the writer's fields with those of the whole reader schema; only those with a
 * column are decoded.
 */
final class DecoderCompiler {
  private DecoderCompiler() {}

  /**
   * @param writer the writer schema of the record
   * @param reader the reader schema, {@link ReaderSchema#check checked} to contain {@code columns}
   * @param arity the number of fields in the row: the columns, then those that the caller fills
   * @return a reader of {@link org.apache.flink.table.data.GenericRowData} rows
   * @throws DecodeException if no value of the writer's schema can be read
   */
  static ValueReader compile(Schema writer, Schema reader, RowType columns, int arity)
      throws DecodeException {
    return value(writer, reader, columns, arity);
  }

  private static ValueReader value(Schema writer, Schema reader, LogicalType target, int arity)
      throws DecodeException {
    if (writer.isUnion()) {
      return union(writer, reader, target, arity);
    }
    Schema taken = Resolution.branch(writer, reader);
    return switch (taken.getType()) {
      case NULL -> in -> null;
      case ENUM -> enumeration(writer, taken);
      case ARRAY -> {
        LogicalType type = ((ArrayType) target).getElementType();
        ValueReader item = items(writer.getElementType(), taken.getElementType(), type);
        yield NestedReaders.array(item, EncodedSize.least(writer.getElementType()));
      }
      case MAP -> {
        LogicalType type = ((MapType) target).getValueType();
        ValueReader each = items(writer.getValueType(), taken.getValueType(), type);
        yield NestedReaders.map(each, EncodedSize.least(writer.getValueType()));
      }
      case RECORD -> record(writer, taken, (RowType) target, arity);
      default -> ScalarReaders.of(writer, taken, target);
    };
  }

  /** A value below the top level; a nested row has no additional fields. */
  private static ValueReader value(Schema writer, Schema reader, LogicalType target)
      throws DecodeException {
    return value(writer, reader, target, target instanceof RowType row ? row.getFieldCount() : 0);
  }

  /** An item type that does not resolve only fails the records that have items. */
  private static ValueReader items(Schema writer, Schema reader, LogicalType target) {
    try {
      return value(writer, reader, target);
    } catch (DecodeException e) {
      return failing(e);
    }
  }

  private static ValueReader enumeration(Schema writer, Schema reader) {
    List<String> written = writer.getEnumSymbols();
    BinaryStringData[] symbols = new BinaryStringData[written.size()];
    for (int i = 0; i < symbols.length; i++) {
      String symbol = written.get(i);
      String known = reader.hasEnumSymbol(symbol) ? symbol : reader.getEnumDefault();
      symbols[i] = known == null ? null : BinaryStringData.fromString(known);
    }
    return NestedReaders.enumeration(writer, symbols);
  }

  /** A branch that does not resolve only fails the records that use it. */
  private static ValueReader union(Schema writer, Schema reader, LogicalType target, int arity)
      throws DecodeException {
    List<Schema> types = writer.getTypes();
    ValueReader[] branches = new ValueReader[types.size()];
    DecodeException firstFailure = null;
    int readable = 0;
    for (int i = 0; i < branches.length; i++) {
      try {
        branches[i] = value(types.get(i), reader, target, arity);
        readable++;
      } catch (DecodeException e) {
        branches[i] = failing(e);
        firstFailure = firstFailure == null ? e : firstFailure;
      }
    }
    if (readable == 0 && firstFailure != null) {
      throw firstFailure;
    }
    int nullBranch = types.indexOf(Schema.create(Schema.Type.NULL));
    if (branches.length == 2 && nullBranch >= 0 && readable == 2) {
      return new NestedReaders.Nullable(nullBranch, branches[1 - nullBranch]);
    }
    return NestedReaders.union(branches);
  }

  private static ValueReader failing(DecodeException failure) {
    return in -> {
      throw failure;
    };
  }

  private static ValueReader record(Schema writer, Schema reader, RowType target, int arity)
      throws DecodeException {
    List<Schema.Field> written = writer.getFields();
    Schema.Field[] taken = Resolution.fields(writer, reader);
    String[] names = written.stream().map(Schema.Field::name).toArray(String[]::new);
    ValueReader[] readers = new ValueReader[names.length];
    int[] targets = new int[names.length];
    BitSet filled = new BitSet();
    for (int i = 0; i < names.length; i++) {
      targets[i] = taken[i] == null ? -1 : target.getFieldIndex(taken[i].name());
      if (targets[i] < 0) {
        readers[i] = Skippers.of(written.get(i).schema());
      } else {
        filled.set(targets[i]);
        readers[i] = field(written.get(i), taken[i].schema(), target.getTypeAt(targets[i]));
      }
    }
    int[] defaultTargets =
        IntStream.range(0, target.getFieldCount()).filter(i -> !filled.get(i)).toArray();
    Object[] defaults = new Object[defaultTargets.length];
    for (int i = 0; i < defaults.length; i++) {
      Schema.Field field = reader.getField(target.getFieldNames().get(defaultTargets[i]));
      defaults[i] = constant(writer, field, target.getTypeAt(defaultTargets[i]));
    }
    return new RecordReader(arity, names, readers, targets, defaultTargets, defaults);
  }

  private static ValueReader field(Schema.Field written, Schema reader, LogicalType target)
      throws DecodeException {
    try {
      return value(written.schema(), reader, target);
    } catch (DecodeException e) {
      throw e.inField(written.name());
    }
  }

  /** Converts a default to Flink's form: encodes it as Avro and reads it like any other value. */
  private static Object constant(Schema writer, Schema.Field field, LogicalType target)
      throws DecodeException {
    if (!field.hasDefaultValue()) {
      throw Resolution.missing(writer, field);
    }
    GenericData data = GenericData.get();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    try {
      new GenericDatumWriter<>(field.schema(), data).write(data.getDefaultValue(field), encoder);
      encoder.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    BinaryInput input = new BinaryInput();
    input.reset(bytes.toByteArray(), 0);
    return field(field, field.schema(), target).read(input);
  }
}
