package io.weir.flink.avro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.registry.DecodeError;
import io.weir.registry.DecodeException;
import io.weir.registry.LetterLimit;
import io.weir.registry.LetterLimit.TooManyLettersException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How many of the last records may be letters. */
class LetterLimitTest {
  private static final DecodeException FAILURE =
      new DecodeException(DecodeError.BAD_MAGIC, "the first byte is 9");

  /** The number of the record at which the window fails, or -1; L is a letter, . an event. */
  private static int failsAt(LetterLimit limit, String records) {
    LetterLimit.Window window = limit.window();
    for (int i = 0; i < records.length(); i++) {
      try {
        if (records.charAt(i) == 'L') {
          window.letter(FAILURE);
        } else {
          window.event();
        }
      } catch (TooManyLettersException e) {
        return i;
      }
    }
    return -1;
  }

  @ParameterizedTest
  @CsvSource({
    // Two of the last five.
    "LL......,-1",
    "LLL.....,2",
    "LL..L,4",
    "LL...L,-1",
    "LL...LL,-1",
    "LL...LLL,7",
    "L....L.L..L,-1",
    "L...L.L....,-1",
    "L..L.L,-1",
    "L..LL,4",
    ".....LL....LL....LLL,19",
  })
  void theLastRecordsCount(String records, int at) {
    assertThat(failsAt(new LetterLimit("p", 0.4, 2, 5), records)).isEqualTo(at);
  }

  @Test
  void noLetterIsAllowedWhereTheRatioLeavesRoomForNone() {
    assertThat(failsAt(new LetterLimit("p", 0.1, 0, 5), "...L")).isEqualTo(3);
  }

  @Test
  void withoutALimitNothingFails() {
    assertThat(failsAt(LetterLimit.NONE, "L".repeat(100_000))).isEqualTo(-1);
  }

  @Test
  void theFailureSaysWhatWaits() {
    LetterLimit.Window window = new LetterLimit("p", 0.1, 0, 5).window();
    assertThatThrownBy(() -> window.letter(FAILURE))
        .isInstanceOf(TooManyLettersException.class)
        .hasMessageStartingWith("Pipeline p: 1 of the last 5 records of this task")
        .hasMessageEndingWith("what was not committed as letters waits in the source topic.");
  }

  @Test
  void eachTaskCountsItsOwn() {
    LetterLimit limit = new LetterLimit("p", 0.4, 2, 5);
    assertThat(failsAt(limit, "LL")).isEqualTo(-1);
    assertThat(failsAt(limit, "LL")).isEqualTo(-1);
  }
}
