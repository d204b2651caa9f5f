package io.weir.streams;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.IntNode;
import io.weir.registry.ColumnType;
import io.weir.streams.PipelinePlan.Aggregate;
import io.weir.streams.PipelinePlan.Column;
import io.weir.streams.PipelinePlan.Dimension;
import io.weir.streams.PipelinePlan.Measure;
import io.weir.streams.PipelinePlan.Where;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Totals of extreme numbers: NaN, infinity, signed zeros, sums beyond 64 bits. */
class NumbersTest {
  private static final long BIG = 9_000_000_000_000_000_000L;

  @TempDir Path folder;

  private static final List<Column> COLUMNS =
      List.of(
          new Column("day", ColumnType.DATE, false),
          new Column("cents", ColumnType.BIGINT, true),
          new Column("kg", ColumnType.DOUBLE, true));

  private static Measure measure(String function, Integer column, ColumnType type, Where where) {
    return new Measure(function, column, type, where);
  }

  private static final Totals TOTALS =
      new Totals(
          new Aggregate(
              "by_day",
              null,
              0,
              List.of(new Dimension(0, null)),
              List.of(
                  measure("sum", 1, ColumnType.BIGINT, null),
                  measure("min", 2, ColumnType.DOUBLE, null),
                  measure("max", 2, ColumnType.DOUBLE, null),
                  measure(
                      "count",
                      null,
                      ColumnType.BIGINT,
                      new Where(2, "greater_than", new IntNode(5))),
                  measure(
                      "count",
                      null,
                      ColumnType.BIGINT,
                      new Where(2, "less_than", new IntNode(5))))),
          COLUMNS);

  /**
   * The displayed values of a group after these events; the state is encoded and decoded in
   * between.
   */
  private static Object[] shown(Object[]... inputs) {
    RowCodec states = TOTALS.states();
    Object[] state = TOTALS.empty();
    for (Object[] input : inputs) {
      state = states.decode(states.encode(TOTALS.add(state, input)));
    }
    Object[] row = TOTALS.output(new Object[] {0}, state);
    return Arrays.copyOfRange(row, 1, row.length - 1);
  }

  private static Object[] cents(Long cents) {
    return new Object[] {cents, null};
  }

  private static Object[] kg(Double kg) {
    return new Object[] {null, kg};
  }

  @Test
  void aSumThatLeaves64BitsIsTheGreatestOrLeastLong() {
    assertThat(shown(cents(BIG), cents(BIG))[0]).isEqualTo(Long.MAX_VALUE);
    assertThat(shown(cents(-BIG), cents(-BIG), cents(-BIG))[0]).isEqualTo(Long.MIN_VALUE);
    assertThat(shown(cents(null))[0]).isNull();
    assertThat(shown(cents(Long.MIN_VALUE))[0]).isEqualTo(Long.MIN_VALUE);
  }

  @Test
  void aSumThatComesBackIsExactWhateverTheOrder() {
    Long expected = BIG - 1;
    assertThat(shown(cents(BIG), cents(BIG), cents(-BIG), cents(-1L))[0]).isEqualTo(expected);
    assertThat(shown(cents(-1L), cents(BIG), cents(-BIG), cents(BIG))[0]).isEqualTo(expected);
    assertThat(shown(cents(-BIG), cents(-BIG), cents(BIG), cents(BIG))[0]).isEqualTo(0L);
  }

  @Test
  void wideSumsAreThoseOfUnboundedIntegers() {
    Random random = new Random(9);
    for (int round = 0; round < 200; round++) {
      BigInteger expected = BigInteger.ZERO;
      Object[] state = TOTALS.empty();
      for (int i = 0; i < 50; i++) {
        long value = random.nextLong() >> random.nextInt(64);
        expected = expected.add(BigInteger.valueOf(value));
        state = TOTALS.add(state, cents(value));
        BigInteger nearest =
            expected
                .min(BigInteger.valueOf(Long.MAX_VALUE))
                .max(BigInteger.valueOf(Long.MIN_VALUE));
        assertThat(TOTALS.output(new Object[] {0}, state)[1]).isEqualTo(nearest.longValueExact());
      }
    }
  }

  @Test
  void aStateOfAnEarlierVersionIsReadOn() {
    List<Column> earlier =
        List.of(
            new Column("count", ColumnType.BIGINT, false),
            new Column("sum", ColumnType.BIGINT, true),
            new Column("min", ColumnType.DOUBLE, true),
            new Column("max", ColumnType.DOUBLE, true),
            new Column("n", ColumnType.BIGINT, true),
            new Column("n", ColumnType.BIGINT, true));
    for (long before : new long[] {BIG, -BIG}) {
      byte[] kept = new RowCodec(earlier).encode(new Object[] {3L, before, 1.0, 2.0, 0L, 0L});
      Object[] state = TOTALS.states().decode(kept);
      assertThat(TOTALS.output(new Object[] {0}, state)[1]).isEqualTo(before);
      state = TOTALS.add(state, cents(before));
      assertThat(TOTALS.output(new Object[] {0}, state)[1])
          .isEqualTo(before < 0 ? Long.MIN_VALUE : Long.MAX_VALUE);
      state = TOTALS.add(state, cents(-before));
      assertThat(TOTALS.output(new Object[] {0}, state)[1]).isEqualTo(before);
    }
  }

  @Test
  void nanIsAboveAllNumbersInWhateverOrderItComes() {
    double nan = Double.NaN;
    double infinity = Double.POSITIVE_INFINITY;
    assertThat(shown(kg(nan), kg(2.0))).containsExactly(null, 2.0, nan, 1L, 1L);
    assertThat(shown(kg(2.0), kg(nan))).containsExactly(null, 2.0, nan, 1L, 1L);
    assertThat(shown(kg(nan), kg(null))).containsExactly(null, nan, nan, 1L, 0L);
    assertThat(shown(kg(infinity), kg(-infinity)))
        .containsExactly(null, -infinity, infinity, 1L, 1L);
    assertThat(shown(kg(infinity), kg(nan))).containsExactly(null, infinity, nan, 2L, 0L);
  }

  @Test
  void equalFloatsAreOneRowValueAndOneTotal() throws IOException {
    try (OrdersDriver orders = new OrdersDriver(folder)) {
      double otherNan = Double.longBitsToDouble(0x7ff8_0000_0000_0001L);
      orders.send(orders.order(1, "weight_kg", 0.0));
      orders.send(orders.order(2, "weight_kg", -0.0, "price_cents", BIG));
      orders.send(orders.order(3, "weight_kg", otherNan, "price_cents", BIG));
      List<Map<String, Object>> rows = orders.rows(orders.plan.rows());
      assertThat(rows)
          .extracting(row -> bits(row.get("weight_kg")))
          .containsExactly(0L, 0L, 0x7ff8_0000_0000_0000L);
      assertThat(orders.rows(orders.totals("sales_by_hour")))
          .extracting(row -> List.of(row.get("revenue_cents"), bits(row.get("heaviest_kg"))))
          .containsExactly(
              List.of(500L, 0L),
              List.of(BIG + 500, 0L),
              List.of(Long.MAX_VALUE, 0x7ff8_0000_0000_0000L));
    }
  }

  private static long bits(Object value) {
    return Double.doubleToRawLongBits((Double) value);
  }
}
