package io.weir.flink.cassandra.sink;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LateRowsTest {
  private final AtomicInteger late = new AtomicInteger();
  private final LateRows rows = new LateRows(Duration.ofSeconds(1), late::incrementAndGet);

  @Test
  void countsOnlyRowsFurtherBehindTheNewestThanAllowed() {
    rows.accept(10_000_000);
    rows.accept(9_000_000);
    assertThat(late).hasValue(0);
    rows.accept(8_999_999);
    assertThat(late).hasValue(1);
  }

  @Test
  void aRowThatIsNewerMovesTheBoundary() {
    rows.accept(1_000_000);
    rows.accept(5_000_000);
    rows.accept(3_000_000);
    rows.accept(5_000_000);
    assertThat(late).hasValue(1);
  }

  @Test
  void rowsBeforeTheEpochAreComparedAlike() {
    rows.accept(-5_000_000);
    rows.accept(-7_000_000);
    assertThat(late).hasValue(1);
  }
}
