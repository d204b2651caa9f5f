package io.weir.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PayloadHashTest {
  private static long hash(Object... row) {
    return PayloadHash.of(row, row.length);
  }

  @Test
  void theSameColumnsHaveTheSameHashInEveryVersion() {
    assertThat(hash("AA", 7, 1L << 40, null, true, new byte[] {1, -1}, 1.5, 1.5f))
        .isEqualTo(-4128412769620052093L);
  }

  @Test
  void columnsThatDifferHaveAnotherHash() {
    List<Object[]> rows =
        List.of(
            new Object[] {"ab", "c"},
            new Object[] {"a", "bc"},
            new Object[] {"abc", ""},
            new Object[] {"abc", null},
            new Object[] {null, "abc"},
            new Object[] {"", ""},
            new Object[] {null, ""},
            new Object[] {"", null},
            new Object[] {null, null},
            new Object[] {1, 2},
            new Object[] {2, 1},
            new Object[] {1.0, 2.0},
            new Object[] {true, false},
            new Object[] {false, true});
    Set<Long> hashes = new HashSet<>();
    rows.forEach(row -> hashes.add(hash(row)));
    assertThat(hashes).hasSize(rows.size());
  }

  @Test
  void zerosAreOneValueAndSoIsWhatIsNoNumber() {
    assertThat(hash(-0.0)).isEqualTo(hash(0.0));
    assertThat(hash(-0.0f)).isEqualTo(hash(0.0f));
    assertThat(hash(Double.longBitsToDouble(0x7ff8000000000001L))).isEqualTo(hash(Double.NaN));
  }

  @Test
  void onlyTheEventsOwnColumnsCount() {
    assertThat(PayloadHash.of(new Object[] {"a", 1, "joined"}, 2)).isEqualTo(hash("a", 1));
  }
}
