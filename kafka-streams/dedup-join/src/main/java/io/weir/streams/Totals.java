package io.weir.streams;

import io.weir.registry.ColumnType;
import io.weir.streams.PipelinePlan.Aggregate;
import io.weir.streams.PipelinePlan.Column;
import io.weir.streams.PipelinePlan.Dimension;
import io.weir.streams.PipelinePlan.Measure;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The running totals of one table: which columns of a row count, and how they change a group's
 * state. A state is the number of events in the group, followed by a value for each measure. As
 * with SQL aggregates, the sum, min or max of nothing is null, and a count of nothing is 0. The
 * high halves of the sums of longs follow (see {@link WideSum}). A sum of ints needs none: it takes
 * 2^32 events with the largest int in one group to overflow a long.
 */
final class Totals {
  private final Aggregate aggregate;
  private final List<Column> columns;
  private final Measurement[] measures;
  private final int[] groupColumns;
  private final int[] inputColumns;
  private final int[] wideSums;

  /**
   * @param columns the columns of the rows to aggregate
   */
  Totals(Aggregate aggregate, List<Column> columns) {
    this.aggregate = aggregate;
    this.columns = columns;
    this.groupColumns = aggregate.group().stream().mapToInt(Dimension::column).toArray();
    this.inputColumns =
        aggregate.measures().stream().flatMap(Totals::used).distinct().mapToInt(i -> i).toArray();
    this.measures =
        aggregate.measures().stream()
            .map(measure -> Measurement.of(measure, columns, inputColumns))
            .toArray(Measurement[]::new);
    this.wideSums =
        IntStream.range(0, measures.length)
            .filter(i -> isWideSum(aggregate.measures().get(i)))
            .map(i -> 1 + i)
            .toArray();
  }

  private boolean isWideSum(Measure measure) {
    return measure.function().equals("sum")
        && columns.get(measure.column()).type() == ColumnType.BIGINT;
  }

  private static Stream<Integer> used(Measure measure) {
    Stream<Integer> where =
        measure.where() == null ? Stream.of() : Stream.of(measure.where().column());
    return Stream.concat(
        measure.column() == null ? Stream.of() : Stream.of(measure.column()), where);
  }

  /** The codec of group keys. */
  RowCodec keys() {
    return new RowCodec(groupTypes());
  }

  private List<Column> groupTypes() {
    return aggregate.group().stream()
        .map(dimension -> columns.get(dimension.column()))
        .map(column -> new Column(column.name(), column.type(), false))
        .toList();
  }

  /** The codec of a row's contribution. */
  RowCodec inputs() {
    List<Column> used = new ArrayList<>();
    for (int column : inputColumns) {
      used.add(columns.get(column));
    }
    return new RowCodec(used);
  }

  /** The codec of states. */
  RowCodec states() {
    List<Column> state = new ArrayList<>(List.of(new Column("count", ColumnType.BIGINT, false)));
    state.addAll(measureTypes());
    int required = state.size();
    for (int position : wideSums) {
      state.add(new Column(state.get(position).name() + "_high", ColumnType.BIGINT, false));
    }
    return new RowCodec(state, required);
  }

  private List<Column> measureTypes() {
    return aggregate.measures().stream()
        .map(measure -> new Column(measure.function(), measure.type(), true))
        .toList();
  }

  /** The codec of a table's rows: group, measures, write timestamp. */
  RowCodec outputs() {
    Column written = new Column("_write_timestamp", ColumnType.BIGINT, false);
    return new RowCodec(
        Stream.of(groupTypes(), measureTypes(), List.of(written)).flatMap(List::stream).toList());
  }

  Object[] group(Object[] row) {
    Object[] group = Rows.pick(row, groupColumns);
    for (int i = 0; i < group.length; i++) {
      if (group[i] == null) {
        group[i] = aggregate.group().get(i).whenNull();
      }
    }
    return group;
  }

  Object[] input(Object[] row) {
    return Rows.pick(row, inputColumns);
  }

  Object[] empty() {
    Object[] state = new Object[1 + measures.length + wideSums.length];
    state[0] = 0L;
    Arrays.fill(state, 1 + measures.length, state.length, 0L);
    for (int i = 0; i < measures.length; i++) {
      state[1 + i] = measures[i].ofNothing();
    }
    return state;
  }

  /** Returns a new state, because a cache may still hold the old one. */
  Object[] add(Object[] state, Object[] input) {
    Object[] sum = new Object[state.length];
    sum[0] = (Long) state[0] + 1;
    for (int i = 0; i < measures.length; i++) {
      sum[1 + i] = measures[i].add(state[1 + i], input);
    }
    for (int i = 0; i < wideSums.length; i++) {
      int low = wideSums[i];
      int high = 1 + measures.length + i;
      sum[high] = WideSum.high((Long) state[low], (Long) state[high], (Long) sum[low]);
    }
    return sum;
  }

  /**
   * Returns the table's row of a group. Its write timestamp is the start of its grain plus the
   * number of its events, so that a later total overwrites an earlier one and the last one is the
   * same in every run.
   */
  Object[] output(Object[] group, Object[] state) {
    Object[] row = new Object[group.length + measures.length + 1];
    System.arraycopy(group, 0, row, 0, group.length);
    System.arraycopy(state, 1, row, group.length, measures.length);
    for (int i = 0; i < wideSums.length; i++) {
      int low = wideSums[i];
      row[group.length + low - 1] =
          WideSum.clamped((Long) state[low], (Long) state[1 + measures.length + i]);
    }
    ColumnType grain = groupTypes().get(aggregate.grain()).type();
    row[row.length - 1] = Rows.micros(group[aggregate.grain()], grain) + (Long) state[0];
    return row;
  }
}
