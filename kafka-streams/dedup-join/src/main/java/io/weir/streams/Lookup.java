package io.weir.streams;

import io.weir.join.JoinMisses;
import io.weir.registry.DecodeException;
import io.weir.streams.PipelinePlan.Condition;
import io.weir.streams.PipelinePlan.Join;
import io.weir.streams.PipelinePlan.Reference;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;

/** A LEFT join: copies the selected columns of the matching reference row into an event's row. */
final class Lookup {
  private final ReadOnlyKeyValueStore<byte[], ValueAndTimestamp<byte[]>> table;
  private final RowReader reader;
  private final RowCodec key;
  private final int[] keyColumns;
  private final Condition[] conditions;
  private final int[] select;
  private final int width;
  private final int[] wantedColumns;
  private final JoinMisses misses;

  /**
   * @param misses counts the events without a match; an event with a null in its key is not looked
   *     up
   * @param reader reads the reference's values; not shared between threads
   */
  Lookup(
      ReadOnlyKeyValueStore<byte[], ValueAndTimestamp<byte[]>> table,
      RowReader reader,
      Reference reference,
      Join join,
      JoinMisses misses) {
    this.table = table;
    this.reader = reader;
    this.key = keyCodec(reference);
    this.keyColumns = Rows.positions(join.key());
    this.conditions = join.conditions().toArray(Condition[]::new);
    this.select = Rows.positions(join.select());
    this.width = reference.columns().size();
    this.wantedColumns =
        IntStream.concat(
                IntStream.of(keyColumns), join.conditions().stream().mapToInt(Condition::event))
            .toArray();
    this.misses = misses;
  }

  /** The codec of a reference topic's keys. */
  static RowCodec keyCodec(Reference reference) {
    return new RowCodec(reference.key().stream().map(reference.columns()::get).toList());
  }

  /** Fills the columns from {@code position} on, and returns the position after them. */
  int fill(Object[] row, int position) {
    Object[] wanted = Rows.pick(row, wantedColumns);
    if (Arrays.asList(wanted).contains(null)) {
      return position + select.length;
    }
    Object[] found = find(row);
    if (found == null) {
      misses.add(wanted);
    } else {
      for (int i = 0; i < select.length; i++) {
        row[position + i] = found[select[i]];
      }
    }
    return position + select.length;
  }

  private Object[] find(Object[] row) {
    ValueAndTimestamp<byte[]> value = table.get(key.encode(Rows.pick(row, keyColumns)));
    if (value == null) {
      return null;
    }
    Object[] found = decode(value.value());
    for (Condition condition : conditions) {
      if (!row[condition.event()].equals(found[condition.reference()])) {
        return null;
      }
    }
    return found;
  }

  private Object[] decode(byte[] value) {
    try {
      return reader.read(value, width);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (DecodeException e) {
      throw new IllegalStateException(
          "A row of a reference topic cannot be read; publish it again: " + e.getMessage(), e);
    }
  }
}
