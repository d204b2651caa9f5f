package io.weir.flink.avro;

import static io.weir.registry.DecodeError.INCOMPATIBLE_SCHEMA;

import io.weir.registry.DecodeException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Resolver;
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
 * Turns a pair of schemas into a tree of readers, once per writer schema. Which of the writer's
 * values match which of the reader's is left to Avro's own {@link Resolver}, so that the rules of
 * evolution (promotions, aliases, defaults, enum defaults, unions) are Avro's.
 */
final class DecoderCompiler {
  private final GenericData data = new GenericData();

  private DecoderCompiler() {}

  /**
   * @param writer the schema that the record was written with
   * @param reader the reader schema, {@link ReaderSchema#project projected} to {@code columns}
   * @param arity the fields of the produced row: the columns, then what the caller fills itself
   * @return a reader of {@link org.apache.flink.table.data.GenericRowData} rows
   * @throws DecodeException if no value of the writer's schema can be read
   */
  static ValueReader compile(Schema writer, Schema reader, RowType columns, int arity)
      throws DecodeException {
    DecoderCompiler compiler = new DecoderCompiler();
    return compiler.compile(compiler.resolve(writer, reader), columns, arity);
  }

  private Resolver.Action resolve(Schema writer, Schema reader) throws DecodeException {
    try {
      return Resolver.resolve(Schema.applyAliases(writer, reader), reader, data);
    } catch (AvroRuntimeException e) {
      throw incompatible(e.getMessage());
    }
  }

  private ValueReader compile(Resolver.Action action, LogicalType target, int arity)
      throws DecodeException {
    return switch (action.type) {
      case DO_NOTHING, PROMOTE -> scalar(action, target);
      case ENUM -> enumeration((Resolver.EnumAdjust) action);
      case CONTAINER -> container((Resolver.Container) action, target);
      case RECORD -> record((Resolver.RecordAdjust) action, (RowType) target, arity);
      case READER_UNION -> compile(((Resolver.ReaderUnion) action).actualAction, target, arity);
      case WRITER_UNION -> union((Resolver.WriterUnion) action, target, arity);
      case ERROR -> throw incompatible(action.toString());
      case SKIP -> throw new IllegalStateException("Only a field of a record is skipped");
    };
  }

  /** A value below the top of the record; a row there has no fields but its own. */
  private ValueReader compile(Resolver.Action action, LogicalType target) throws DecodeException {
    return compile(action, target, target instanceof RowType row ? row.getFieldCount() : 0);
  }

  private ValueReader scalar(Resolver.Action action, LogicalType target) throws DecodeException {
    if (action.writer.getType() == Schema.Type.NULL) {
      return in -> null;
    }
    requireSameMeaning(action.writer, action.reader);
    return ScalarReaders.of(action.writer, action.reader, target);
  }

  /** Avro resolves the bytes alone, and would read microseconds as milliseconds. */
  private static void requireSameMeaning(Schema writer, Schema reader) throws DecodeException {
    boolean annotated = writer.getLogicalType() != null && reader.getLogicalType() != null;
    boolean same = AvroTypes.logicalName(writer).equals(AvroTypes.logicalName(reader));
    if (same && annotated && writer.getLogicalType() instanceof LogicalTypes.Decimal decimal) {
      same = decimal.getScale() == ((LogicalTypes.Decimal) reader.getLogicalType()).getScale();
    }
    if (annotated && !same) {
      throw incompatible(
          "the writer's "
              + AvroTypes.describe(writer)
              + " is not the reader's "
              + AvroTypes.describe(reader));
    }
  }

  private ValueReader enumeration(Resolver.EnumAdjust action) {
    List<String> names = action.reader.getEnumSymbols();
    BinaryStringData[] symbols = new BinaryStringData[action.adjustments.length];
    for (int i = 0; i < symbols.length; i++) {
      int index = action.adjustments[i];
      symbols[i] = index < 0 ? null : BinaryStringData.fromString(names.get(index));
    }
    return NestedReaders.enumeration(symbols);
  }

  private ValueReader container(Resolver.Container action, LogicalType target)
      throws DecodeException {
    if (target instanceof ArrayType array) {
      ValueReader item = compile(action.elementAction, array.getElementType());
      return NestedReaders.array(item, Skippers.minBytes(action.writer.getElementType()));
    }
    ValueReader value = compile(action.elementAction, ((MapType) target).getValueType());
    return NestedReaders.map(value, Skippers.minBytes(action.writer.getValueType()));
  }

  /** A branch that cannot be read is an error only of the records that hold it. */
  private ValueReader union(Resolver.WriterUnion action, LogicalType target, int arity)
      throws DecodeException {
    ValueReader[] branches = new ValueReader[action.actions.length];
    DecodeException firstFailure = null;
    int readable = 0;
    for (int i = 0; i < branches.length; i++) {
      try {
        branches[i] = compile(action.actions[i], target, arity);
        readable++;
      } catch (DecodeException e) {
        branches[i] = failing(e);
        firstFailure = firstFailure == null ? e : firstFailure;
      }
    }
    if (readable == 0 && firstFailure != null) {
      throw firstFailure;
    }
    int nullBranch = action.writer.getTypes().indexOf(Schema.create(Schema.Type.NULL));
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

  private ValueReader record(Resolver.RecordAdjust action, RowType target, int arity)
      throws DecodeException {
    List<Schema.Field> written = action.writer.getFields();
    String[] names = written.stream().map(Schema.Field::name).toArray(String[]::new);
    ValueReader[] readers = new ValueReader[names.length];
    int[] targets = new int[names.length];
    int next = 0;
    for (int i = 0; i < names.length; i++) {
      if (action.fieldActions[i].type == Resolver.Action.Type.SKIP) {
        readers[i] = Skippers.of(written.get(i).schema());
        targets[i] = -1;
      } else {
        targets[i] = action.readerOrder[next++].pos();
        readers[i] = field(names[i], action.fieldActions[i], target.getTypeAt(targets[i]));
      }
    }
    int defaulted = action.defaults.length;
    int[] defaultTargets = new int[defaulted];
    Object[] defaults = new Object[defaulted];
    for (int i = 0; i < defaulted; i++) {
      Schema.Field field = action.readerOrder[action.firstDefault + i];
      defaultTargets[i] = field.pos();
      defaults[i] = constant(field, action.defaults[i], target.getTypeAt(field.pos()));
    }
    return new RecordReader(arity, names, readers, targets, defaultTargets, defaults);
  }

  private ValueReader field(String name, Resolver.Action action, LogicalType target)
      throws DecodeException {
    try {
      return compile(action, target);
    } catch (DecodeException e) {
      throw e.inField(name);
    }
  }

  /** A default in Flink's form: written as Avro and read like any other value. */
  private Object constant(Schema.Field field, Object value, LogicalType target)
      throws DecodeException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    try {
      new GenericDatumWriter<>(field.schema(), data).write(value, encoder);
      encoder.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    BinaryInput input = new BinaryInput();
    input.reset(bytes.toByteArray(), 0);
    return field(field.name(), resolve(field.schema(), field.schema()), target).read(input);
  }

  private static DecodeException incompatible(String reason) {
    return new DecodeException(INCOMPATIBLE_SCHEMA, reason);
  }
}
