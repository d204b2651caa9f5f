package io.weir.join;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import org.junit.jupiter.api.Test;

class JoinMissesTest {
  private final JoinMisses misses = new JoinMisses();

  @Test
  void theMostFrequentKeysComeFirst() {
    misses.add("N1 ");
    misses.add("de", 7);
    misses.add("de", 7);
    misses.add((Object) new byte[] {1, (byte) 0xfe});
    assertThat(misses.keys())
        .containsExactly(entry("de, 7", 2L), entry("01fe", 1L), entry("N1 ", 1L));
    assertThat(misses.total()).isEqualTo(4);
  }

  @Test
  void aFrequentKeyIsKeptAmongManyRareOnes() {
    for (int i = 0; i < 10_000; i++) {
      misses.add("rare " + i);
      if (i % 10 == 0) {
        misses.add("frequent");
      }
    }
    assertThat(misses.total()).isEqualTo(11_000);
    assertThat(misses.keys()).hasSize(JoinMisses.TOLD);
    // Never below the true count, and above it by no more than a kept key may inherit.
    assertThat(misses.keys().get("frequent")).isBetween(1_000L, 1_000L + 11_000 / JoinMisses.KEPT);
  }

  @Test
  void aLongKeyIsCut() {
    misses.add("x".repeat(70_000));
    assertThat(misses.keys()).containsOnlyKeys("x".repeat(JoinMisses.KEY_LENGTH) + "...");
  }

  @Test
  void theJsonIsEscaped() {
    misses.add("a\"b\\c\nd");
    assertThat(misses.keysAsJson()).isEqualTo("{\"a\\\"b\\\\c\\u000ad\":1}");
    assertThat(new JoinMisses().keysAsJson()).isEqualTo("{}");
  }
}
