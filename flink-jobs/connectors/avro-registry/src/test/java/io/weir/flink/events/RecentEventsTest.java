package io.weir.flink.events;

import static org.apache.flink.table.api.DataTypes.FIELD;
import static org.apache.flink.table.api.DataTypes.ROW;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.RowType;
import org.junit.jupiter.api.Test;

class RecentEventsTest {
  private static final RowType COLUMNS =
      (RowType)
          ROW(
                  FIELD("day", DataTypes.BIGINT()),
                  FIELD("id", DataTypes.STRING()),
                  FIELD("at", DataTypes.TIMESTAMP_LTZ(3)),
                  FIELD("price", DataTypes.DOUBLE()),
                  FIELD("raw", DataTypes.BYTES()))
              .getLogicalType();

  private final RecentEvents recent = new RecentEvents(COLUMNS, List.of("id", "day"));

  private boolean conflicts(long day, String id, long at, Double price, byte... raw) {
    return recent.conflicts(
        GenericRowData.of(
            day, StringData.fromString(id), TimestampData.fromEpochMillis(at), price, raw));
  }

  @Test
  void anEventConflictsWithTheFirstOfItsId() {
    assertThat(conflicts(1, "a", 7, 0.0, (byte) 1)).isFalse();
    assertThat(conflicts(1, "a", 7, -0.0, (byte) 1)).as("the same").isFalse();
    assertThat(conflicts(1, "a", 8, 0.0, (byte) 1)).as("another time").isTrue();
    assertThat(conflicts(1, "a", 7, null, (byte) 1)).as("no price").isTrue();
    assertThat(conflicts(1, "a", 7, 0.0, (byte) 2)).as("other bytes").isTrue();
    assertThat(conflicts(2, "a", 8, 0.0, (byte) 1)).as("another id").isFalse();
    assertThat(conflicts(1, "a", 7, 0.0, (byte) 1)).as("the first again").isFalse();
  }

  @Test
  void theLastSixThousandIdsAreKnownAndOlderOnesAreForgotten() {
    int known = 6_000;
    for (int i = 0; i < known; i++) {
      assertThat(conflicts(i, "event", 0, null)).isFalse();
    }
    int found = 0;
    for (int i = 0; i < known; i++) {
      found += conflicts(i, "event", 1, null) ? 1 : 0;
    }
    assertThat(found).isGreaterThan(known * 97 / 100);
    for (int i = known; i < known + 8 * RecentEvents.IDS; i++) {
      assertThat(conflicts(i, "event", 0, null)).isFalse();
    }
    assertThat(conflicts(0, "event", 1, null)).as("forgotten").isFalse();
  }
}
